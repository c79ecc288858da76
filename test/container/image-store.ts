import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './command.js';
import { installDebian, NPM_ENV } from './debian.js';
import { makeFolder } from './workshop.js';

/** How an image says that it is to be run, by the names of its configuration. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Healthcheck: { readonly Test: readonly string[] };
}

/** Images and containers of buildah in a folder of their own, which goes with them. */
export class ImageStore implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<ImageStore> {
    return new ImageStore(await makeFolder('images'));
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Makes the image that others start from: a Debian with Node.js and npm, since no registry of images is asked. */
  async makeBase(name: string): Promise<void> {
    const container = await this.buildah('from', 'scratch');
    const root = await this.buildah('mount', container);
    await installDebian(root);
    // Files that no build reads: the image is copied several times.
    for (const path of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale']) {
      await rm(join(root, path), { recursive: true });
    }
    const env = Object.entries(NPM_ENV).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    await this.buildah('config', ...env, container);
    await this.buildah('commit', '--quiet', '--rm', container, name);
  }

  /** Builds an image from a folder with `deploy/Dockerfile`, on the base of that name. */
  async build(folder: string, base: string, name: string): Promise<void> {
    const file = ['--file', join(folder, 'deploy/Dockerfile'), '--build-arg', `BASE=${base}`];
    await this.buildah(
      'build',
      '--isolation',
      'chroot',
      '--format',
      'docker',
      ...file,
      '--tag',
      name,
      folder,
    );
  }

  async config(image: string): Promise<ImageConfig> {
    const inspected = JSON.parse(await this.buildah('inspect', '--type', 'image', image)) as {
      Docker: { config: ImageConfig };
    };
    return inspected.Docker.config;
  }

  /** Runs one command of buildah that has to succeed, and gives what it wrote. */
  async buildah(command: string, ...argv: readonly string[]): Promise<string> {
    const [program, ...rest] = this.commandLine(command, ...argv);
    return (await must(program, rest)).trim();
  }

  /** A command of buildah as program and arguments. */
  commandLine(command: string, ...argv: readonly string[]): [string, ...string[]] {
    const store = ['--storage-driver', 'vfs', '--root', this.file('root'), '--runroot', this.file('runroot')];
    // In a mount namespace of its own, so that nothing stays mounted; and it ends with us, however we end.
    const around = ['--mount', 'setpriv', '--pdeathsig', 'KILL'];
    return ['unshare', ...around, 'buildah', ...store, command, ...argv];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

/** A package of npm, as its files. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A registry of npm on the loopback interface with these packages, made in `folder`. */
export async function npmRegistry(
  folder: string,
  packages: readonly NpmPackage[],
): Promise<{ readonly env: Readonly<Record<string, string>> } & AsyncDisposable> {
  const tarballs = new Map<string, Buffer>();
  for (const { name, version, files } of packages) {
    tarballs.set(
      `/${encodeURIComponent(name)}-${version}.tgz`,
      await pack(join(folder, 'pack', name), files),
    );
  }
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const tarball = tarballs.get(request.url ?? '');
    const found = packages.filter(({ name }) => decodeURIComponent(request.url ?? '') === `/${name}`);
    if (tarball !== undefined) response.end(tarball);
    else if (found.length === 0) response.writeHead(404).end('{}');
    else response.end(JSON.stringify(metadata(found, tarballs, `http://127.0.0.1:${port}`)));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const env = {
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: join(folder, 'cache'),
    npm_config_userconfig: join(folder, 'npmrc'),
    npm_config_update_notifier: 'false',
    HOME: folder,
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { env, [Symbol.asyncDispose]: close };
}

function metadata(
  found: readonly NpmPackage[],
  tarballs: ReadonlyMap<string, Buffer>,
  base: string,
): unknown {
  const versions = found.map(({ name, version, files }) => {
    const path = `/${encodeURIComponent(name)}-${version}.tgz`;
    const integrity = `sha512-${createHash('sha512').update(tarballs.get(path)!).digest('base64')}`;
    const manifest = JSON.parse(files['package.json']!) as object;
    return [version, { ...manifest, dist: { tarball: base + path, integrity } }] as const;
  });
  return {
    name: found[0]!.name,
    'dist-tags': { latest: found[0]!.version },
    versions: Object.fromEntries(versions),
  };
}

async function pack(folder: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'package', path)), { recursive: true });
    await writeFile(join(folder, 'package', path), text, { mode: 0o755 });
  }
  const { status, stderr } = spawnSync('tar', ['czf', 'package.tgz', 'package'], { cwd: folder });
  if (status !== 0) throw new Error(String(stderr));
  return await readFile(join(folder, 'package.tgz'));
}

const WHEEL = `
import sys, zipfile
folder, name, version, code = sys.argv[1:]
info = f"{name}-{version}.dist-info"
files = {
    f"{name}.py": code,
    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    f"{info}/entry_points.txt": f"[console_scripts]\\n{name} = {name}:main\\n",
}
with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    for path, text in files.items():
        wheel.writestr(path, text)
    wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"]))
`;

/** A wheel with one module, whose \`main\` is its command; returns what makes pip find it and nothing else. */
export function pythonWheel(
  python: string,
  folder: string,
  { name, version, code }: { readonly name: string; readonly version: string; readonly code: string },
): Readonly<Record<string, string>> {
  const { status, stderr } = spawnSync(python, ['-c', WHEEL, folder, name, version, code], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, PIP_CONFIG_FILE: '/dev/null', HOME: folder };
}

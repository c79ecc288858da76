import { createHash } from 'node:crypto';
import { copyFile, lstat, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './command.js';
import { makeFolder, WORKSHOP } from './workshop.js';

const RELEASE = 'bookworm';
const PACKAGES = 'systemd,systemd-sysv,dbus,ca-certificates,libatomic1';
const NPM = 'npm@11';
const RECIPE = createHash('sha256').update(`${RELEASE} ${PACKAGES} ${NPM}`).digest('hex').slice(0, 8);
/** Kept from run to run: it takes half a minute to make, and nothing in it depends on the project. */
const BASE = join(WORKSHOP, `spoor-test-debian-${RECIPE}`);

const CA_BUNDLE = 'etc/ssl/certs/ca-certificates.crt';

/** Makes the base unless it is there: a minimal Debian with systemd and npm. */
export async function makeDebianBase(): Promise<void> {
  if (await isThere(BASE)) return;
  const making = await makeFolder('making');
  try {
    const root = join(making, 'root');
    // In a mount namespace of its own, so that nothing stays mounted when it is interrupted.
    const debootstrap = ['debootstrap', '--variant=minbase', `--include=${PACKAGES}`, RELEASE, root];
    await must('unshare', ['--mount', ...debootstrap]);
    await must('npm', ['install', '--global', '--prefix', join(root, 'usr'), NPM]);
    // At once or not at all; if somebody else was faster, theirs is as good.
    await rename(root, BASE).catch(async (error: unknown) => {
      if (!(await isThere(BASE))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Copies the base into a folder that exists, with the Node.js of this process and the CA certificates of this host. */
export async function installDebian(folder: string): Promise<void> {
  await must('cp', ['-a', `${BASE}/.`, folder]);
  await copyFile(process.execPath, join(folder, 'usr/bin/node'));
  await copyFile(join('/', CA_BUNDLE), join(folder, CA_BUNDLE));
}

/** What npm needs in there to reach the registry as it is reached from here. */
export const NPM_ENV = { NODE_EXTRA_CA_CERTS: join('/', CA_BUNDLE) };

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

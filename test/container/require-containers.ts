import { run } from './command.js';
import { makeDebianBase } from './debian.js';
import { removeAbandonedFolders } from './workshop.js';

/** Each with the Debian package that brings it. */
const TOOLS: Readonly<Record<string, string>> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  buildah: 'buildah',
  git: 'git',
  npm: 'npm',
};

/** This suite boots a machine: says what is missing for it at once, instead of failing in every test. */
export async function setup(): Promise<void> {
  const missing = process.geteuid?.() === 0 ? [] : ['root'];
  for (const [tool, from] of Object.entries(TOOLS)) {
    const { code } = await run('sh', ['-c', `command -v ${tool}`]);
    if (code !== 0) missing.push(tool === from ? tool : `${tool} (Debian package ${from})`);
  }
  if (missing.length > 0) throw new Error(`npm run test:container needs ${missing.join(', ')}`);
  await removeAbandonedFolders();
  await makeDebianBase();
}

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
  const packages = new Set<string>();
  for (const [tool, from] of Object.entries(TOOLS)) {
    const { code } = await run('sh', ['-c', `command -v ${tool}`]);
    if (code !== 0) packages.add(from);
  }
  const needs = [
    ...(process.geteuid?.() === 0 ? [] : ['root']),
    ...(packages.size === 0 ? [] : [`the Debian packages ${[...packages].join(', ')}`]),
  ];
  if (needs.length > 0) throw new Error(`npm run test:container needs ${needs.join(' and ')}`);
  await removeAbandonedFolders();
  await makeDebianBase();
}

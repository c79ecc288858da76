import { execFileSync } from 'node:child_process';

const TOOLS = ['debootstrap', 'systemd-nspawn', 'nsenter', 'buildah'];

/** This suite boots a machine: say what is missing for it at once, instead of failing in every test. */
export function setup(): void {
  const missing = TOOLS.filter((tool) => !isThere(tool));
  const needs = [...(process.geteuid?.() === 0 ? [] : ['root']), ...missing];
  if (needs.length > 0) throw new Error(`npm run test:container needs ${needs.join(', ')}`);
}

function isThere(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    // `command -v` failed: the tool is not installed.
    return false;
  }
}

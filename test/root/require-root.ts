/** The root suite proves what only root can: say so at once instead of failing in every test. */
export function setup(): void {
  if (process.geteuid?.() !== 0) {
    throw new Error('npm run test:root needs root (real uids, other users’ processes): run it as root');
  }
}

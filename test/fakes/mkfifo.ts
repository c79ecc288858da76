import { execFileSync } from 'node:child_process';

/** Makes a named pipe, and gives its path. */
export function mkfifo(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

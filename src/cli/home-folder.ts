import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';

/** The home folder of this user; undefined where neither HOME nor /etc/passwd has one, as in a container that runs as any uid. */
export function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined; // such a user is not in /etc/passwd
  }
}

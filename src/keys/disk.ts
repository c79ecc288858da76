import { rm } from 'node:fs/promises';
import { writeStateFile } from '../state/state-file.js';

/** Where keys and manifest are written. Each change is one step: killed at any instant, it was done or it was not. */
export interface Disk {
  /** Returns when the file, mode 0600, is there for good. Errors: STATE_UNUSABLE. */
  write(path: string, text: string): Promise<void>;
  /** Returns when the file is gone; one that is not there is no error. */
  remove(path: string): Promise<void>;
}

export const DISK: Disk = {
  write: writeStateFile,
  remove: (path) => rm(path, { force: true }),
};

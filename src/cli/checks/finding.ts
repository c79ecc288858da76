import { SpoorError } from '../../core/errors.js';
import type { FileProblem } from '../../state/file-problems.js';

/** One thing that was looked at, and how it is. */
export interface Finding {
  /** `error`: the daemon does not start, or does not do what it was told. `warning`: it does, but guards less. */
  readonly severity: 'ok' | 'warning' | 'error';
  /** settings, entries, bundles, launch definitions, state, upstream, sockets, kernel or daemon. */
  readonly subject: string;
  readonly message: string;
  /** Imperative; empty where nothing is to be done. */
  readonly remedy: string;
  /** Where it is, if it is in a file: the line from 1, 0 for the whole. */
  readonly file?: string;
  readonly line?: number;
}

export function ok(subject: string, message: string): Finding {
  return { severity: 'ok', subject, message, remedy: '' };
}

export function warning(subject: string, message: string, remedy: string): Finding {
  return { severity: 'warning', subject, message, remedy };
}

export function failure(subject: string, message: string, remedy: string): Finding {
  return { severity: 'error', subject, message, remedy };
}

/** What an error of Spoor's own says about a subject. Anything else is thrown on. */
export function failureOf(subject: string, error: unknown): Finding {
  if (!(error instanceof SpoorError) || error.kind === 'bug') throw error;
  return failure(subject, error.message, error.remedy);
}

/** What is wrong with a file, at its place. */
export function fileFinding(subject: string, { file, line, path, found, allowed }: FileProblem): Finding {
  const where = path === '' ? '' : `${path}: `;
  const [message, remedy] = [`${where}found ${found}`, `Allowed: ${allowed}.`];
  return { severity: 'error', subject, message, remedy, file, line };
}

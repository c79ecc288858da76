import { execFile, type ExecFileException, type ExecFileOptions } from 'node:child_process';

/** What one program said, and how it ended. */
export interface Outcome {
  /** Its exit code; 1 when a signal ended it or it could not be started. */
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** More than `npm ci` or a listing of a whole machine writes. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program to its end, whatever that is. */
export function run(
  program: string,
  argv: readonly string[],
  options: ExecFileOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const settings = { ...options, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES } as const;
    execFile(program, argv, settings, (error: ExecFileException | null, out, errors) => {
      const code = typeof error?.code === 'number' ? error.code : 1;
      resolve(error === null ? { code: 0, out, errors } : { code, out, errors: errors || error.message });
    });
  });
}

/** Runs a program that has to succeed, and gives what it wrote to standard output. */
export async function must(
  program: string,
  argv: readonly string[],
  options: ExecFileOptions = {},
): Promise<string> {
  return succeeded(await run(program, argv, options), [program, ...argv].join(' '));
}

/** What a command wrote to standard output; throws all that it wrote when it failed. */
export function succeeded(outcome: Outcome, command: string): string {
  const { code, out, errors } = outcome;
  if (code !== 0) throw new Error(`exit code ${code} from: ${command}\n${out}${errors}`);
  return out;
}

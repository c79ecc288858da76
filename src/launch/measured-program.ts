import type { LaunchedScript } from '../instances/launched.js';
import type { MeasuredExecutable } from './measuring/executable.js';

/** A program that is measured and ready to be started. Everything that it holds open is closed with it. */
export interface MeasuredProgram extends Disposable {
  readonly executable: MeasuredExecutable;
  /** Complete, with the loader's arguments and the caller's. */
  readonly argv: readonly string[];
  /** Undefined where there is no script, or none that can be vouched for. */
  readonly script: LaunchedScript | undefined;
  /** Sealed files for the loader; undefined where the program needs none. */
  readonly loaded: { readonly script: number; readonly loader: number } | undefined;
  /** What could not be measured, or runs otherwise than usual; sentences for people. */
  readonly notes: readonly string[];
}

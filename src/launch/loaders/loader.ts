/** Where the descriptors of a launch are in the new process. */
export interface LoaderDescriptors {
  /** The measured script, open for reading at its start. */
  readonly script: number;
  /** The loader's own text, likewise. */
  readonly loader: number;
  /** The end of a pipe, blocking, from which a loader reads `go` and a newline before it runs the script. */
  readonly gate: number;
}

/** A script that is to be run from an open descriptor. */
export interface LoaderInput {
  /** The whole command line, with the caller's arguments. */
  readonly argv: readonly string[];
  /** Place of the script in it. */
  readonly scriptAt: number;
  /** Where the file lies that was opened and measured: absolute, without symbolic links. */
  readonly scriptPath: string;
  readonly descriptors: LoaderDescriptors;
}

/** How a script is run from an open descriptor. */
export interface Loaded {
  /** The command line to execute: that of the input, with a short bootstrap in it, which reads the loader. */
  readonly argv: readonly string[];
  /** The text to put behind the loader's descriptor. */
  readonly loader: string;
}

/** The exit code of a loader that does not run the script. Source: that of `spoor launch` for failures of its own. */
export const LOADER_FAILURE = 125;

/** How every sentence of a loader begins. */
export const NOT_STARTED = 'spoor: not started:';

/** Why a loader does not run the script when the gate ends without a word. */
export const GATE_CLOSED = 'the daemon let the gate close before the script could run';

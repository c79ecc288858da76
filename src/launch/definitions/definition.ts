/** Where a definition is kept, and so where it is changed. */
export type DefinitionSource =
  { readonly kind: 'file'; readonly file: string; readonly line: number } | { readonly kind: 'store' };

/** Whether whoever launches may add arguments behind those of the definition. */
export type CallerArgs = 'none' | 'append';

/** What becomes of a detached program that ended: each restart is a new instance. */
export type Restart = 'never' | 'on-failure' | 'always';

/** Limits of getrlimit(2) that a definition can set. Not `core`: what has keys in its memory leaves none of it on a disk. */
export const LIMIT_NAMES = ['as', 'cpu', 'data', 'fsize', 'memlock', 'nofile', 'nproc', 'stack'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** The environment of a launched program, beyond what every one of them gets. */
export interface DefinedEnvironment {
  /** Names that are taken over from the caller, where it has them. */
  readonly pass: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  /** Names of `pass` and `set` that can inject code, and are meant all the same. */
  readonly dangerous: readonly string[];
}

/** One secret: the program finds it as the file `name` in the folder that CREDENTIALS_DIRECTORY names. */
export type Secret =
  | { readonly name: string; readonly file: string }
  /** A systemd credential of the daemon's own unit; systemd.exec(5), `LoadCredential=`. */
  | { readonly name: string; readonly credential: string };

/** Who may launch: whoever is one of these. Nobody but root and the daemon's own user, where all are empty. */
export interface MayLaunch {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Of launched instances, which are then recorded as the parent. */
  readonly spiffeIds: readonly string[];
}

/** What the operator lets be launched. Source: decision 4. */
export interface LaunchDefinition {
  /** 1 to 64 letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** The program's absolute path and its first arguments; or `npx NAME@VERSION …` or `uvx NAME==VERSION …`, pinned. */
  readonly command: readonly string[];
  /** Arguments behind those of `command`. */
  readonly args: readonly string[];
  readonly callerArgs: CallerArgs;
  /** Absolute, or `caller` for the folder in which the caller is; undefined: the home folder of the user. */
  readonly cwd: string | undefined;
  readonly env: DefinedEnvironment;
  readonly secrets: readonly Secret[];
  readonly mayLaunch: MayLaunch;
  /** Name or number of the user; undefined: whoever launches. */
  readonly runAs: string | undefined;
  /** Units are those of setrlimit(2). */
  readonly limits: Readonly<Partial<Record<LimitName, number | 'infinity'>>>;
  readonly restart: Restart;
  readonly createdAt: Date;
  readonly source: DefinitionSource;
}

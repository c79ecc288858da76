/** As npm has them: https://docs.npmjs.com/cli/configuring-npm/package-json#name; capitals are of before 2014. */
const NPM_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/;
const MAX_NPM_NAME = 214;
/** Semantic Versioning 2.0.0, section 2: one version, no range and no tag. */
const NPM_VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
/** PEP 508, names. */
const PYPI_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
/** PEP 440: one version, no range and no wildcard. */
const PYPI_VERSION =
  /^(?:\d+!)?\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?$/;
const MAX_PATH_BYTES = 4_095;

const ALLOWED = {
  program: 'an absolute path, or npx or uvx',
  npx: 'NAME@VERSION, the version exact such as 1.2.3',
  uvx: 'NAME==VERSION, the version exact such as 1.2.3',
} as const;

/** A package of a registry, in one exact version. */
export interface PinnedPackage {
  readonly runner: 'npx' | 'uvx';
  readonly name: string;
  readonly version: string;
}

/** What is wrong with a command: at which of its words, and what is allowed there. */
export interface CommandFault {
  readonly at: number;
  readonly allowed: string;
}

/** Judges the first words of a command, of which there is at least one; the others may be anything. */
export function commandFault(command: readonly string[]): CommandFault | undefined {
  const [program = ''] = command;
  if (program === 'npx' || program === 'uvx') {
    return pinnedPackage(command) === undefined ? { at: 1, allowed: ALLOWED[program] } : undefined;
  }
  return isPath(program) ? undefined : { at: 0, allowed: ALLOWED.program };
}

/** The package that an `npx` or `uvx` command means; undefined for any other command, and where it is not pinned. */
export function pinnedPackage([program, what = '']: readonly string[]): PinnedPackage | undefined {
  if (program === 'npx') {
    const end = what.lastIndexOf('@');
    const [name, version] = [what.slice(0, end), what.slice(end + 1)];
    const isRight = NPM_NAME.test(name) && name.length <= MAX_NPM_NAME && NPM_VERSION.test(version);
    return end > 0 && isRight ? { runner: program, name, version } : undefined;
  }
  if (program === 'uvx') {
    const [name = '', version = '', more] = what.split('==');
    const isRight = PYPI_NAME.test(name) && PYPI_VERSION.test(version) && more === undefined;
    return isRight ? { runner: program, name, version } : undefined;
  }
  return undefined;
}

/** Whether it is an absolute path of a file: no `.` or `..`, no slash twice or at its end. */
export function isPath(text: string): boolean {
  return (
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/.test(text) &&
    (text.length * 3 <= MAX_PATH_BYTES || Buffer.byteLength(text) <= MAX_PATH_BYTES)
  );
}

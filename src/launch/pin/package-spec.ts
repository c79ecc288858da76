import { basename } from 'node:path';
import { SpoorError } from '../../core/errors.js';

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

/** What runs packages of a registry. */
export type Runner = 'npx' | 'uvx';

/** How the package has to be written behind each of them. */
export const PACKAGE_FORM: Readonly<Record<Runner, string>> = {
  npx: 'NAME@VERSION, the version exact such as 1.2.3',
  uvx: 'NAME==VERSION, the version exact such as 1.2.3',
};

/** One version of a package, whose command is launched. */
export interface PackageSpec {
  readonly registry: 'npm' | 'pypi';
  readonly name: string;
  readonly version: string;
}

/** A command line that runs a package, with the arguments that the package's command gets. */
export interface PackageCommand {
  readonly spec: PackageSpec;
  readonly args: readonly string[];
}

/** What runs the package of a command line, wherever it lies; undefined for every other program. */
export function runnerOf([program = '']: readonly string[]): Runner | undefined {
  const name = basename(program);
  return name === 'npx' || name === 'uvx' ? name : undefined;
}

/** The package behind `npx` or `uvx`; undefined where it is none in one exact version. */
export function packageOf(command: readonly string[]): PackageSpec | undefined {
  const [, what = ''] = command;
  const runner = runnerOf(command);
  if (runner === 'npx') return npmPackage(what);
  return runner === 'uvx' ? pypiPackage(what) : undefined;
}

/**
 * Reads a definition's command of the form `npx NAME@VERSION …` or `uvx NAME==VERSION …`.
 *
 * Returns: undefined for every other command.
 * Errors:  LAUNCH_FAILED when it is npx or uvx without one exact version.
 */
export function parsePackageCommand(command: readonly string[]): PackageCommand | undefined {
  const runner = runnerOf(command);
  if (runner === undefined) return undefined;
  const spec = packageOf(command);
  if (spec !== undefined) return { spec, args: command.slice(2) };
  const found = JSON.stringify(command[1] ?? '');
  throw new SpoorError('LAUNCH_FAILED', `${runner} needs ${PACKAGE_FORM[runner]}, not ${found}`);
}

function npmPackage(what: string): PackageSpec | undefined {
  const end = what.lastIndexOf('@');
  const [name, version] = [what.slice(0, end), what.slice(end + 1)];
  const isRight = NPM_NAME.test(name) && name.length <= MAX_NPM_NAME && NPM_VERSION.test(version);
  return end > 0 && isRight ? { registry: 'npm', name, version } : undefined;
}

function pypiPackage(what: string): PackageSpec | undefined {
  const [name = '', version = '', more] = what.split('==');
  const isRight = PYPI_NAME.test(name) && PYPI_VERSION.test(version) && more === undefined;
  return isRight ? { registry: 'pypi', name, version } : undefined;
}

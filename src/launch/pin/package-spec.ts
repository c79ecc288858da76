import { basename } from 'node:path';
import { SpoorError } from '../../core/errors.js';

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

// Source: semver 2.0.0 and the names that npm takes; PEP 440 and PEP 508. No ranges, tags, extras or wildcards.
const NPM =
  /^((?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)@(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/u;
const PYPI = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==|@)(\d+(?:\.\d+)*(?:[.+]?[A-Za-z0-9]+)*)$/u;
/** npx asks nothing with them; it never runs here, so that there is nothing to ask. */
const QUIET: readonly (string | undefined)[] = ['-y', '--yes'];

/**
 * Reads a definition's command of the form `npx NAME@VERSION …` or `uvx NAME==VERSION …`.
 *
 * Returns: undefined for every other command.
 * Errors:  LAUNCH_FAILED when it is npx or uvx without one exact version.
 */
export function parsePackageCommand(command: readonly string[]): PackageCommand | undefined {
  const tool = basename(command[0] ?? '');
  if (tool !== 'npx' && tool !== 'uvx') return undefined;
  const at = tool === 'npx' && QUIET.includes(command[1]) ? 2 : 1;
  const found = command[at] ?? '';
  const [, name, version] = (tool === 'npx' ? NPM : PYPI).exec(found) ?? [];
  if (name === undefined || version === undefined) {
    const wanted = tool === 'npx' ? 'NAME@VERSION' : 'NAME==VERSION';
    throw new SpoorError(
      'LAUNCH_FAILED',
      `${tool} needs ${wanted} with one exact version, not ${JSON.stringify(found)}`,
    );
  }
  return { spec: { registry: tool === 'npx' ? 'npm' : 'pypi', name, version }, args: command.slice(at + 1) };
}

import { SpoorError } from '../core/errors.js';

/** One path of PATH_MAX bytes with its attestor and name; linux/limits.h. */
const MAX_SELECTOR_BYTES = 4_352;
const MAX_UID = 4_294_967_294;

const isNumber = (value: string): boolean => /^(?:0|[1-9]\d{0,9})$/.test(value) && Number(value) <= MAX_UID;
const isPath = (value: string): boolean => value.startsWith('/') && value.length > 1;
const isDigest = (value: string): boolean => /^[0-9a-f]{64}$/.test(value);
const isText = (value: string): boolean => value !== '';
const isTruth = (value: string): boolean => value === 'true' || value === 'false';

interface Shape {
  readonly allowed: string;
  readonly holds: (value: string) => boolean;
}

const NUMBER: Shape = { allowed: `a number from 0 to ${MAX_UID}`, holds: isNumber };
const PATH: Shape = { allowed: 'an absolute path', holds: isPath };
const DIGEST: Shape = { allowed: '64 hexadecimal digits in lower case', holds: isDigest };
const TEXT: Shape = { allowed: 'a name', holds: isText };
const TRUTH: Shape = { allowed: 'true or false', holds: isTruth };

/**
 * Every selector that Spoor's attestors can give, by `attestor:name`, with the values it can have. A selector
 * outside of this table can hold for no process, so it is refused where it is written.
 *
 * Source: the `unix` ones are SPIRE's, so that its entries carry over.
 */
const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ['unix:uid', NUMBER],
  ['unix:user', TEXT],
  ['unix:gid', NUMBER],
  ['unix:group', TEXT],
  ['unix:supplementary_gid', NUMBER],
  ['unix:supplementary_group', TEXT],
  ['unix:path', PATH],
  ['unix:sha256', DIGEST],
  ['process:ancestor_path', PATH],
  ['process:ancestor_sha256', DIGEST],
  ['process:cgroup', PATH],
  ['process:cgroup_writable', TRUTH],
  ['script:path', PATH],
  ['script:sha256', DIGEST],
  ['script:interpreter', PATH],
  ['script:package', TEXT],
  ['script:lock_sha256', DIGEST],
  ['launch:name', TEXT],
  ['launch:uid', NUMBER],
]);
/** Attestors whose selectors hold only for what the daemon itself launched. Source: decision 4. */
const LAUNCHED = /^(?:script|launch):/;

/** The names of all selectors, `attestor:name`. */
export const SELECTOR_NAMES: readonly string[] = [...SHAPES.keys()];

/** Whether a selector, or its name, can hold only for a launched process. */
export function impliesLaunched(selector: string): boolean {
  return LAUNCHED.test(selector);
}

/** Splits `unix:path:/usr/bin/node` into `unix:path` and `/usr/bin/node`; a value may hold colons. */
export function splitSelector(selector: string): { readonly name: string; readonly value: string } {
  const end = selector.indexOf(':', selector.indexOf(':') + 1);
  return end === -1
    ? { name: selector, value: '' }
    : { name: selector.slice(0, end), value: selector.slice(end + 1) };
}

/**
 * Checks one selector of an entry.
 *
 * Shape:   `attestor:name:value`, the first two together one of SELECTOR_NAMES.
 * Returns: the same text.
 * Errors:  SELECTOR_INVALID, saying what is allowed.
 */
export function parseSelector(text: string): string {
  const fault = selectorFault(text);
  if (fault === undefined) return text;
  throw new SpoorError('SELECTOR_INVALID', `not a selector: allowed is ${fault}`, {
    facts: { text: text.slice(0, 80) },
  });
}

/** What would be allowed in the place of a wrong selector; undefined for a right one. */
export function selectorFault(text: string): string | undefined {
  if (text.length * 3 > MAX_SELECTOR_BYTES && Buffer.byteLength(text) > MAX_SELECTOR_BYTES) {
    return `a selector of at most ${MAX_SELECTOR_BYTES} bytes`;
  }
  const { name, value } = splitSelector(text);
  const shape = SHAPES.get(name);
  if (shape === undefined) return `attestor:name:value with one of ${SELECTOR_NAMES.join(', ')}`;
  return shape.holds(value) ? undefined : `${name}: and ${shape.allowed}`;
}

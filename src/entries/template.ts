import { SpoorError } from '../core/errors.js';
import { SpiffeId, isPathSegment } from '../spiffe/spiffe-id.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { SELECTOR_NAMES, impliesLaunched } from './selector.js';

const PLACE = /\{([^{}]*)\}/g;
const PLACE_NAMES = SELECTOR_NAMES.map(placeOf);
/** The file name of its executable, which only a descendant is named by; no attestor gives it as a selector. */
const EXECUTABLE = 'process:executable';
const DESCENDANT_PLACE_NAMES = [EXECUTABLE, ...SELECTOR_NAMES.filter((name) => !impliesLaunched(name))].map(
  placeOf,
);
const ALLOWED_VALUE = 'a value that is one path segment: letters, digits, dot, dash and underscore';

/** Whether a SPIFFE ID of an entry has places to be filled in from selectors. */
export function isTemplate(text: string): boolean {
  return text.includes('{');
}

/**
 * What would be allowed in place of a wrong SPIFFE ID of an entry; undefined for a right one, with places
 * like `{unix.user}` or without.
 *
 * Source: SPIFFE-ID section 2.3: no id of more than 2,048 bytes is issued. Paths under /spire are SPIRE's by
 *         convention only, and allowed.
 */
export function spiffeIdFault(text: string, trustDomain: TrustDomain): string | undefined {
  return templateFault(text, trustDomain, PLACE_NAMES);
}

/** As `spiffeIdFault`, for the SPIFFE ID of descendants: it may also have the place `{process.executable}`. */
export function descendantIdFault(text: string, trustDomain: TrustDomain): string | undefined {
  return templateFault(text, trustDomain, DESCENDANT_PLACE_NAMES);
}

function templateFault(
  text: string,
  trustDomain: TrustDomain,
  places: readonly string[],
): string | undefined {
  const unknown = isTemplate(text) ? unknownPlace(text, places) : undefined;
  if (unknown !== undefined) {
    return `one of ${places.map((name) => `{${name}}`).join(', ')} in the place of ${unknown}`;
  }
  const own = trustDomain.id.toString();
  if (!text.startsWith(`${own}/`)) return `a SPIFFE ID of ${trustDomain.name} with a path`;
  const why = outcomeOf(() => SpiffeId.of(trustDomain, text.slice(own.length).replaceAll(PLACE, 'x')));
  return typeof why === 'string' ? `a SPIFFE ID, and this is ${why}` : undefined;
}

function unknownPlace(text: string, places: readonly string[]): string | undefined {
  return [...text.matchAll(PLACE)].find(([, name = '']) => !places.includes(name))?.[0];
}

/**
 * The SPIFFE ID of an entry for a process with these selectors.
 *
 * Returns: a sentence for people when a place cannot be filled: no selector of that name, several, or one whose value
 *          cannot be a path segment. Nothing is escaped or shortened: two users must never share an id.
 */
export function fillTemplate(text: string, selectors: readonly string[]): SpiffeId | string {
  if (!isTemplate(text)) return SpiffeId.parse(text);
  let refused: string | undefined;
  const filled = text.replaceAll(PLACE, (place, name: string) => {
    const value = onlyValue(place, selectorName(name), selectors);
    refused ??= value.refused;
    return value.text;
  });
  return refused ?? outcomeOf(() => SpiffeId.parse(filled));
}

/**
 * As `fillTemplate`, for a descendant.
 *
 * Takes: `executable`: the file name of its executable; undefined where that is not known.
 */
export function fillDescendantTemplate(
  text: string,
  selectors: readonly string[],
  executable: string | undefined,
): SpiffeId | string {
  if (executable !== undefined) return fillTemplate(text, [...selectors, `${EXECUTABLE}:${executable}`]);
  return text.includes(`{${placeOf(EXECUTABLE)}}`)
    ? 'the path of its executable is not known'
    : fillTemplate(text, selectors);
}

function onlyValue(
  place: string,
  name: string,
  selectors: readonly string[],
): { text: string; refused?: string } {
  const values = selectors
    .filter((each) => each.startsWith(`${name}:`))
    .map((each) => each.slice(name.length + 1));
  const [text = ''] = values;
  if (values.length !== 1)
    return { text, refused: `${place} needs one ${name} selector, the process has ${values.length}` };
  return isPathSegment(text)
    ? { text }
    : { text, refused: `${place} needs ${ALLOWED_VALUE}; it is ${JSON.stringify(text)}` };
}

/** The SPIFFE ID, or why there is none. */
function outcomeOf(work: () => SpiffeId): SpiffeId | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof SpoorError) return error.message;
    throw error;
  }
}

/** `unix.user` names the selector `unix:user`. */
function selectorName(place: string): string {
  return place.replace('.', ':');
}

function placeOf(name: string): string {
  return name.replace(':', '.');
}

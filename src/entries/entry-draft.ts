import { SpoorError, type ErrorCode } from '../core/errors.js';
import { DENY } from './descendants.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry, EntrySource } from './entry.js';

/**
 * An entry as somebody wants it, before it is checked and stored.
 *
 * Zero seconds and the epoch mean "none", as in SPIRE: so a change can also take a lifetime or an end away.
 */
export interface EntryDraft {
  /** Given a random one when absent. */
  readonly id?: string;
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly x509SvidTtlSeconds?: number;
  readonly jwtSvidTtlSeconds?: number;
  readonly witSvidTtlSeconds?: number;
  readonly dnsNames?: readonly string[];
  readonly hint?: string;
  readonly federatesWith?: readonly string[];
  readonly expiresAt?: Date;
  /** `deny`, `derive` or a template; `deny` when absent. */
  readonly descendants?: string;
}

/** One for all entries: most have neither DNS names nor other trust domains. */
const NONE: readonly string[] = [];
/** Codes that say more than ARGUMENT_INVALID, for drafts in which nothing else is wrong. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  spiffeId: 'SPIFFE_ID_INVALID',
  selectors: 'SELECTOR_INVALID',
};

/**
 * Checks a draft by the rules of entry files.
 *
 * Errors: SPIFFE_ID_INVALID or SELECTOR_INVALID when only that is wrong, ARGUMENT_INVALID otherwise; all faults are named.
 */
export function checkDraft(schemas: EntrySchemas, draft: EntryDraft): EntryDraft {
  const outcome = schemas.draft.safeParse(draft);
  if (outcome.success) return outcome.data;
  const { issues } = outcome.error;
  const fields = new Set(issues.map(({ path }) => String(path[0])));
  const [only = ''] = fields.size === 1 ? fields : [];
  const faults = issues.map(({ path, message }) => `${wireName(path)}: allowed is ${message}`);
  throw new SpoorError(CODES[only] ?? 'ARGUMENT_INVALID', `not an entry: ${faults.join('; ')}`);
}

/** The entry that a checked draft stands for. */
export function entryOf(
  draft: EntryDraft & { readonly id: string },
  source: EntrySource,
  createdAt: Date,
): Entry {
  const entry: { -readonly [Field in keyof Entry]: Entry[Field] } = {
    id: draft.id,
    spiffeId: draft.spiffeId,
    selectors: sortedOnce(draft.selectors),
    dnsNames: once(draft.dnsNames ?? NONE),
    hint: draft.hint ?? '',
    federatesWith: namesOf(draft.federatesWith ?? NONE),
    createdAt,
    source,
  };
  // Step by step: this runs for each of a hundred thousand entries, and four spreads would take as long as all the rest.
  if (isSet(draft.x509SvidTtlSeconds)) entry.x509SvidTtlSeconds = draft.x509SvidTtlSeconds;
  if (isSet(draft.jwtSvidTtlSeconds)) entry.jwtSvidTtlSeconds = draft.jwtSvidTtlSeconds;
  if (isSet(draft.witSvidTtlSeconds)) entry.witSvidTtlSeconds = draft.witSvidTtlSeconds;
  if (draft.expiresAt !== undefined && isSet(draft.expiresAt.getTime())) entry.expiresAt = draft.expiresAt;
  if (draft.descendants !== undefined && draft.descendants !== DENY) entry.descendants = draft.descendants;
  return entry;
}

function once(values: readonly string[]): readonly string[] {
  return values.length === 0 ? NONE : [...new Set(values)];
}

/** SPIRE lists trust domains by their SPIFFE IDs. */
function namesOf(trustDomains: readonly string[]): readonly string[] {
  return trustDomains.length === 0
    ? NONE
    : sortedOnce(trustDomains.map((name) => name.replace(/^spiffe:\/\//, '')));
}

function isSet(value: number | undefined): value is number {
  return value !== undefined && value !== 0;
}

function sortedOnce(values: readonly string[]): readonly string[] {
  return isSortedOnce(values) ? values : values.toSorted().filter((value, at, all) => value !== all[at - 1]);
}

function isSortedOnce(values: readonly string[]): boolean {
  return values.every((value, at) => at === 0 || (values[at - 1] ?? '') < value);
}

/** `x509SvidTtlSeconds` as the wire and the command line call it: `x509_svid_ttl_seconds`. */
function wireName(path: readonly PropertyKey[]): string {
  const [field = '', ...rest] = path.map(String);
  return (
    field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) +
    rest.map((step) => `[${step}]`).join('')
  );
}

import { SpoorError, type ErrorCode } from '../core/errors.js';
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
  const { x509SvidTtlSeconds, jwtSvidTtlSeconds, witSvidTtlSeconds, expiresAt } = draft;
  return {
    id: draft.id,
    spiffeId: draft.spiffeId,
    selectors: sortedOnce(draft.selectors),
    dnsNames: once(draft.dnsNames ?? NONE),
    hint: draft.hint ?? '',
    federatesWith: namesOf(draft.federatesWith ?? NONE),
    createdAt,
    source,
    ...(isSet(x509SvidTtlSeconds) && { x509SvidTtlSeconds }),
    ...(isSet(jwtSvidTtlSeconds) && { jwtSvidTtlSeconds }),
    ...(isSet(witSvidTtlSeconds) && { witSvidTtlSeconds }),
    ...(expiresAt !== undefined && isSet(expiresAt.getTime()) && { expiresAt }),
  };
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

/** Mostly it is so already: then the list itself. */
function sortedOnce(values: readonly string[]): readonly string[] {
  const inOrder = values.every((value, index) => index === 0 || (values[index - 1] ?? '') < value);
  return inOrder ? values : [...new Set(values)].toSorted();
}

/** `x509SvidTtlSeconds` as the wire and the command line call it: `x509_svid_ttl_seconds`. */
function wireName(path: readonly PropertyKey[]): string {
  const [field = '', ...rest] = path.map(String);
  return (
    field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) +
    rest.map((step) => `[${step}]`).join('')
  );
}

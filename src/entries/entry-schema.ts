import { z } from 'zod';
import { parseDuration } from '../core/duration.js';
import { SpoorError } from '../core/errors.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { DENY, descendantsMisuse } from './descendants.js';
import type { EntryDraft } from './entry-draft.js';
import { entryFields } from './entry-fields.js';

const DURATION = 'a duration such as 15m';
const INSTANT = 'a time such as 2030-01-31T00:00:00Z';

type Fields = ReturnType<typeof entryFields>;

/** The two ways in which an entry comes to us, checked by the same rules: an item of a file, and a draft by command. */
export interface EntrySchemas {
  /** Gives the draft that a file's item means. */
  readonly item: z.ZodType<EntryDraft & { readonly id: string }>;
  readonly draft: z.ZodType<EntryDraft>;
}

/** The names of an item's fields in a file. */
export const ITEM_FIELDS = [
  'id',
  'spiffe_id',
  'selectors',
  'x509_svid_ttl',
  'jwt_svid_ttl',
  'wit_svid_ttl',
  'dns_names',
  'hint',
  'federates_with',
  'expires_at',
  'descendants',
] as const;

/** Both schemas, for entries of `trustDomain`. What an issue says is what is allowed in that place. */
export function entrySchemas(trustDomain: TrustDomain): EntrySchemas {
  const fields = entryFields(trustDomain);
  return { item: itemSchema(fields), draft: draftSchema(fields) };
}

function itemSchema(fields: Fields): EntrySchemas['item'] {
  const ttl = z.string({ error: DURATION }).transform(secondsOf).pipe(fields.ttlSeconds).optional();
  const shape = {
    id: fields.id,
    spiffe_id: fields.spiffeId,
    selectors: fields.selectors,
    x509_svid_ttl: ttl,
    jwt_svid_ttl: ttl,
    wit_svid_ttl: ttl,
    dns_names: fields.dnsNames.optional(),
    hint: fields.hint.optional(),
    federates_with: fields.federatesWith.optional(),
    expires_at: z.iso.datetime({ offset: true, error: INSTANT }).optional(),
    descendants: fields.descendants.optional(),
  } satisfies Record<(typeof ITEM_FIELDS)[number], z.ZodType>;
  return z
    .strictObject(shape, { error: `one of ${ITEM_FIELDS.join(', ')}` })
    .transform((item): EntryDraft & { readonly id: string } => ({
      id: item.id,
      spiffeId: item.spiffe_id,
      selectors: item.selectors,
      x509SvidTtlSeconds: item.x509_svid_ttl ?? 0,
      jwtSvidTtlSeconds: item.jwt_svid_ttl ?? 0,
      witSvidTtlSeconds: item.wit_svid_ttl ?? 0,
      dnsNames: item.dns_names ?? [],
      hint: item.hint ?? '',
      federatesWith: item.federates_with ?? [],
      expiresAt: new Date(item.expires_at ?? 0),
      descendants: item.descendants ?? DENY,
    }))
    .check(sayingMisuse);
}

function draftSchema(fields: Fields): EntrySchemas['draft'] {
  const seconds = z.literal(0).or(fields.ttlSeconds).default(0);
  const shape = {
    id: fields.id.exactOptional(),
    spiffeId: fields.spiffeId,
    selectors: fields.selectors,
    x509SvidTtlSeconds: seconds,
    jwtSvidTtlSeconds: seconds,
    witSvidTtlSeconds: seconds,
    dnsNames: fields.dnsNames.default([]),
    hint: fields.hint.default(''),
    federatesWith: fields.federatesWith.default([]),
    expiresAt: z.date().default(() => new Date(0)),
    descendants: fields.descendants.default(DENY),
  };
  return z.object(shape).check(sayingMisuse);
}

/** Of fields that are right one by one, and not together. */
function sayingMisuse({ value, issues }: z.core.ParsePayload<EntryDraft>): void {
  const message = descendantsMisuse(value);
  if (message !== undefined) {
    issues.push({ code: 'custom', message, input: value.descendants, path: ['descendants'] });
  }
}

function secondsOf(text: string, context: z.RefinementCtx): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof SpoorError)) throw error;
    context.addIssue({ code: 'custom', message: DURATION });
    return z.NEVER;
  }
}

import { z } from 'zod';
import { SpoorError } from '../core/errors.js';
import { parseIJson } from '../encoding/i-json.js';
import { checkDraft, entryOf, type EntryDraft } from './entry-draft.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** What became of each entry of an import. */
export interface ImportResult {
  /** Ids of entries that are new. */
  readonly added: readonly string[];
  /** Ids of entries that were in the store already, just so. */
  readonly unchanged: readonly string[];
  readonly skipped: readonly SkippedEntry[];
}

/** One entry that was left out, and why, for people. */
export interface SkippedEntry {
  readonly id: string;
  readonly reason: string;
}

/** protobuf's JSON writes 64-bit integers as text; both are taken. */
const integer = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .default(0);
const flag = z.boolean().default(false);
const texts = z.array(z.string()).default([]);

const SPIRE_ENTRY = z.object({
  id: z.string(),
  spiffe_id: z.object({ trust_domain: z.string(), path: z.string() }),
  selectors: z.array(z.object({ type: z.string(), value: z.string() })),
  x509_svid_ttl: integer,
  jwt_svid_ttl: integer,
  federates_with: texts,
  dns_names: texts,
  hint: z.string().default(''),
  expires_at: integer,
  created_at: integer,
  admin: flag,
  downstream: flag,
  store_svid: flag,
});
const SPIRE_OUTPUT = z.object({ entries: z.array(z.unknown()) });

type SpireEntry = z.infer<typeof SPIRE_ENTRY>;

/** What SPIRE's entries say of rights that Spoor does not give. */
const FOREIGN_RIGHTS = {
  admin: 'admin: Spoor gives no SVID rights over itself',
  downstream: 'downstream: Spoor signs for no other server',
  store_svid: 'store_svid: Spoor hands SVIDs to processes only',
} as const;

/**
 * Reads what `spire-server entry show -output json` prints. `parent_id` and everything that concerns only SPIRE's own
 * work is passed over; an entry that would mean something else here is skipped, never bent.
 *
 * Takes:  `now`, for entries that do not say when they were made.
 * Errors: ARGUMENT_INVALID when the text as a whole is something else.
 * Source: spire/api/types/entry.proto of the SPIRE API.
 */
export function readSpireEntries(
  json: string,
  schemas: EntrySchemas,
  now: Date,
): { readonly entries: readonly Entry[]; readonly skipped: readonly SkippedEntry[] } {
  const entries: Entry[] = [];
  const skipped: SkippedEntry[] = [];
  for (const [index, item] of readOutput(json).entries()) {
    const outcome = readEntry(item, schemas, now);
    if (typeof outcome === 'string') skipped.push({ id: nameOf(item, index), reason: outcome });
    else entries.push(outcome);
  }
  return { entries, skipped };
}

function readOutput(json: string): readonly unknown[] {
  try {
    return SPIRE_OUTPUT.parse(parseIJson(json)).entries;
  } catch (cause) {
    throw new SpoorError('ARGUMENT_INVALID', 'not the output of `spire-server entry show -output json`', {
      cause,
    });
  }
}

function readEntry(item: unknown, schemas: EntrySchemas, now: Date): Entry | string {
  const shape = SPIRE_ENTRY.safeParse(item);
  if (!shape.success) return `not an entry of SPIRE: ${shape.error.issues.map(issueText).join('; ')}`;
  const spire = shape.data;
  const right = (Object.keys(FOREIGN_RIGHTS) as (keyof typeof FOREIGN_RIGHTS)[]).find((name) => spire[name]);
  if (right !== undefined) return FOREIGN_RIGHTS[right];
  const createdAt = spire.created_at === 0 ? now : new Date(spire.created_at * 1_000);
  try {
    return entryOf(
      { ...checkDraft(schemas, draftOfSpire(spire)), id: spire.id },
      { kind: 'store' },
      createdAt,
    );
  } catch (error) {
    if (error instanceof SpoorError) return error.message;
    throw error;
  }
}

function draftOfSpire(spire: SpireEntry): EntryDraft {
  return {
    id: spire.id,
    spiffeId: `spiffe://${spire.spiffe_id.trust_domain}${spire.spiffe_id.path}`,
    selectors: spire.selectors.map(({ type, value }) => `${type}:${value}`),
    x509SvidTtlSeconds: spire.x509_svid_ttl,
    jwtSvidTtlSeconds: spire.jwt_svid_ttl,
    dnsNames: spire.dns_names,
    hint: spire.hint,
    federatesWith: spire.federates_with,
    expiresAt: new Date(spire.expires_at * 1_000),
  };
}

function issueText({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.')}: ${message}`;
}

function nameOf(item: unknown, index: number): string {
  const id = (item as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : `entry ${index + 1} of the file`;
}

import { SpoorError } from '../core/errors.js';
import { DENY } from '../entries/descendants.js';
import type { EntryDraft } from '../entries/entry-draft.js';
import type { Entry } from '../entries/entry.js';
import { entryWarnings } from '../entries/lint.js';
import type { WireEntry, WireEntryDraft } from '../wire/admin.js';
import { readInstant, writeInstant } from './instant.js';

/** "None", for an end that a change takes away. */
const NO_END = new Date(0);

/** Each field of a draft that can be changed, by its name on the wire. */
const CHANGES: Readonly<
  Record<Exclude<keyof WireEntryDraft, 'id'>, (draft: WireEntryDraft) => Partial<EntryDraft>>
> = {
  spiffe_id: ({ spiffe_id }) => ({ spiffeId: spiffe_id }),
  selectors: ({ selectors }) => ({ selectors }),
  x509_svid_ttl_seconds: (draft) => ({ x509SvidTtlSeconds: draft.x509_svid_ttl_seconds }),
  jwt_svid_ttl_seconds: (draft) => ({ jwtSvidTtlSeconds: draft.jwt_svid_ttl_seconds }),
  wit_svid_ttl_seconds: (draft) => ({ witSvidTtlSeconds: draft.wit_svid_ttl_seconds }),
  dns_names: ({ dns_names }) => ({ dnsNames: dns_names }),
  hint: ({ hint }) => ({ hint }),
  federates_with: ({ federates_with }) => ({ federatesWith: federates_with }),
  expires_at: ({ expires_at }) => ({ expiresAt: readInstant(expires_at, 'expires_at') ?? NO_END }),
  descendants: ({ descendants }) => ({ descendants: descendants === '' ? DENY : descendants }),
};

/** An entry as the admin API gives it. */
export function toWireEntry(entry: Entry): WireEntry {
  const { source } = entry;
  return {
    id: entry.id,
    spiffe_id: entry.spiffeId,
    selectors: entry.selectors,
    x509_svid_ttl_seconds: entry.x509SvidTtlSeconds ?? 0,
    jwt_svid_ttl_seconds: entry.jwtSvidTtlSeconds ?? 0,
    wit_svid_ttl_seconds: entry.witSvidTtlSeconds ?? 0,
    dns_names: entry.dnsNames,
    hint: entry.hint,
    federates_with: entry.federatesWith,
    expires_at: writeInstant(entry.expiresAt),
    created_at: writeInstant(entry.createdAt),
    source: source.kind,
    file: source.kind === 'file' ? source.file : '',
    line: source.kind === 'file' ? source.line : 0,
    warnings: entryWarnings(entry),
    descendants: entry.descendants ?? DENY,
  };
}

/** A whole draft. Errors: ARGUMENT_INVALID when there is none, or its end is unreadable; the catalog checks the rest. */
export function readDraft(draft: WireEntryDraft | null): EntryDraft {
  const given = present(draft);
  const { id } = given;
  const fields = Object.values(CHANGES).map((change) => change(given));
  const whole = Object.assign({}, ...fields) as EntryDraft;
  return id === '' ? whole : { ...whole, id };
}

/** The named fields of a draft. Errors: ARGUMENT_INVALID for names that are none, and when none is named. */
export function readChange(draft: WireEntryDraft | null, fields: readonly string[]): Partial<EntryDraft> {
  const given = present(draft);
  if (fields.length === 0) throw new SpoorError('ARGUMENT_INVALID', 'no field is named that shall change');
  return Object.assign({}, ...fields.map((field) => changeOf(field)(given))) as Partial<EntryDraft>;
}

function changeOf(field: string): (draft: WireEntryDraft) => Partial<EntryDraft> {
  if (Object.hasOwn(CHANGES, field)) return CHANGES[field as keyof typeof CHANGES];
  throw new SpoorError('ARGUMENT_INVALID', `${field.slice(0, 80)} is no field of an entry that can change`, {
    facts: { allowed: Object.keys(CHANGES).join(' ') },
  });
}

function present(draft: WireEntryDraft | null): WireEntryDraft {
  if (draft === null) throw new SpoorError('ARGUMENT_INVALID', 'entry must be given');
  return draft;
}

import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import type { WireEntryDraft } from '../../wire/admin.js';
import { durationOption, listOption, repeatedOption } from '../options.js';

/** The fields of an entry as options: what was not given is undefined. */
export interface EntryFieldOptions {
  readonly spiffeId?: string;
  readonly selector?: readonly string[];
  readonly x509SvidTtl?: number;
  readonly jwtSvidTtl?: number;
  readonly witSvidTtl?: number;
  readonly dnsName?: readonly string[];
  readonly hint?: string;
  readonly federatesWith?: readonly string[];
  readonly expiresAt?: string;
  readonly descendants?: string;
}

type Field = Exclude<keyof WireEntryDraft, 'id'>;

/** An entry without anything in it; also what `--clear` sets a field to. */
export const EMPTY_DRAFT: WireEntryDraft = {
  id: '',
  spiffe_id: '',
  selectors: [],
  x509_svid_ttl_seconds: 0,
  jwt_svid_ttl_seconds: 0,
  wit_svid_ttl_seconds: 0,
  dns_names: [],
  hint: '',
  federates_with: [],
  expires_at: '',
  descendants: '',
};

/** Adds an option for every field of an entry but its id. */
export function withEntryFields(command: Command): Command {
  return command
    .option('--spiffe-id <id>', 'SPIFFE ID, or a template: spiffe://example.org/agent/{unix.user}')
    .addOption(repeatedOption('--selector <selector>', 'what must hold of a process: unix:uid:1000'))
    .addOption(durationOption('--x509-svid-ttl <duration>', 'lifetime of X509-SVIDs, e.g. 15m'))
    .addOption(durationOption('--jwt-svid-ttl <duration>', 'lifetime of JWT-SVIDs'))
    .addOption(durationOption('--wit-svid-ttl <duration>', 'lifetime of WIT-SVIDs'))
    .addOption(listOption('--dns-name <name>', 'DNS name in X509-SVIDs'))
    .option('--hint <text>', 'what the identity is for, by agreement with the workload')
    .addOption(listOption('--federates-with <trust-domain>', 'trust domain whose bundle goes along'))
    .option('--expires-at <instant>', 'end of the entry, RFC 3339, e.g. 2030-01-01T00:00:00Z')
    .option('--descendants <what>', 'what processes below a launched one get: deny, derive or a template');
}

/** The fields that were given, by their names on the wire. */
export function givenFields(options: EntryFieldOptions): Partial<WireEntryDraft> {
  const fields: { readonly [Name in Field]: WireEntryDraft[Name] | undefined } = {
    spiffe_id: options.spiffeId,
    selectors: options.selector,
    x509_svid_ttl_seconds: options.x509SvidTtl,
    jwt_svid_ttl_seconds: options.jwtSvidTtl,
    wit_svid_ttl_seconds: options.witSvidTtl,
    dns_names: options.dnsName,
    hint: options.hint,
    federates_with: options.federatesWith,
    expires_at: options.expiresAt === undefined ? undefined : instant(options.expiresAt),
    descendants: options.descendants,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function instant(text: string): string {
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/u.test(text) || Number.isNaN(at.getTime())) {
    throw new SpoorError('ARGUMENT_INVALID', '--expires-at is not an RFC 3339 instant', {
      facts: { found: text },
    });
  }
  return at.toISOString();
}

import { formatDuration } from '../../core/duration.js';
import type { WireEntry } from '../../wire/admin.js';
import type { Paint } from '../paint.js';
import { relative } from '../since.js';
import { headedTable, table } from '../table.js';

/** One entry, in `--output json` of every command that prints entries. */
export const ENTRY_JSON = `{"id", "spiffe_id", "selectors": [], "x509_svid_ttl_seconds", "jwt_svid_ttl_seconds",
 "wit_svid_ttl_seconds", "dns_names": [], "hint", "federates_with": [], "expires_at", "created_at",
 "source": "file"|"store", "file", "line", "warnings": [], "descendants": "deny"|"derive"|TEMPLATE}
A lifetime of 0 is the daemon's default; instants are RFC 3339, or empty.`;

/** Everything about one entry, a line a field; fields without a value are left out. */
export function entryText(entry: WireEntry, now: Date, paint: Paint): string {
  const [first = '', ...others] = entry.selectors;
  const fields: readonly (readonly [string, string])[] = [
    ['SPIFFE ID', entry.spiffe_id],
    ['selectors', first],
    ...others.map((selector) => ['', selector] as const),
    ['X509-SVID', lifetime(entry.x509_svid_ttl_seconds)],
    ['JWT-SVID', lifetime(entry.jwt_svid_ttl_seconds)],
    ['WIT-SVID', lifetime(entry.wit_svid_ttl_seconds)],
    ['DNS names', entry.dns_names.join(', ')],
    ['hint', entry.hint],
    ['federates with', entry.federates_with.join(', ')],
    ['expires', until(entry.expires_at, now)],
    ['descendants', entry.descendants === 'deny' ? '' : entry.descendants],
    ['kept in', whereKept(entry)],
    ...entry.warnings.map((warning) => [paint.warning('warning'), warning] as const),
  ];
  const shown = fields.filter(([, value]) => value !== '').map(([name, value]) => [`  ${name}`, value]);
  return `${paint.strong(entry.id)}\n${table(shown)}`;
}

/** Many entries, a line each. */
export function entriesText(entries: readonly WireEntry[], paint: Paint): string {
  const rows = entries.map((entry) => [
    entry.warnings.length > 0 ? paint.warning(entry.id) : entry.id,
    entry.spiffe_id,
    whereKept(entry),
    entry.selectors.join(' '),
  ]);
  return headedTable(['id', 'SPIFFE ID', 'kept in', 'selectors'], rows, 'no entries');
}

function lifetime(seconds: number): string {
  return seconds === 0 ? '' : formatDuration(seconds);
}

function until(instant: string, now: Date): string {
  return instant === '' ? '' : `${instant} (${relative(new Date(instant), now)})`;
}

function whereKept({ source, file, line }: WireEntry): string {
  return source === 'file' ? `${file}:${line}` : 'store';
}

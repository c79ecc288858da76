import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SQLInputValue } from 'node:sqlite';
import type { Database, Row } from '../state/database.js';
import type { Entry } from './entry.js';

const COLUMNS =
  'id, spiffe_id, selectors, x509_svid_ttl, jwt_svid_ttl, wit_svid_ttl, dns_names, hint, federates_with, expires_at, created_at, descendants';
const PUT = `INSERT OR REPLACE INTO entries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** Between two of these others are let work: about 5 ms. */
const PAGE = `SELECT ${COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT 1000`;

/** The entries that were set by command, on disk. */
export class EntryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In the order of ids. Errors: STATE_UNUSABLE, here and below. */
  async load(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (;;) {
      const rows = this.#database.all(PAGE, entries.at(-1)?.id ?? '');
      if (rows.length === 0) return entries;
      entries.push(...rows.map(readRow));
      await nextTurn();
    }
  }

  /** Adds entries, or replaces those of the same ids: all of them or none. */
  put(entries: readonly Entry[]): void {
    this.#database.transaction(() => {
      for (const entry of entries) this.#database.run(PUT, ...rowOf(entry));
    });
  }

  delete(id: string): void {
    this.#database.run('DELETE FROM entries WHERE id = ?', id);
  }
}

function rowOf(entry: Entry): SQLInputValue[] {
  return [
    entry.id,
    entry.spiffeId,
    JSON.stringify(entry.selectors),
    entry.x509SvidTtlSeconds ?? null,
    entry.jwtSvidTtlSeconds ?? null,
    entry.witSvidTtlSeconds ?? null,
    JSON.stringify(entry.dnsNames),
    entry.hint,
    JSON.stringify(entry.federatesWith),
    entry.expiresAt?.getTime() ?? null,
    entry.createdAt.getTime(),
    entry.descendants ?? null,
  ];
}

function readRow(row: Row): Entry {
  return {
    id: String(row['id']),
    spiffeId: String(row['spiffe_id']),
    selectors: readList(row['selectors']),
    dnsNames: readList(row['dns_names']),
    hint: String(row['hint']),
    federatesWith: readList(row['federates_with']),
    createdAt: new Date(Number(row['created_at'])),
    source: { kind: 'store' },
    ...(row['x509_svid_ttl'] !== null && { x509SvidTtlSeconds: Number(row['x509_svid_ttl']) }),
    ...(row['jwt_svid_ttl'] !== null && { jwtSvidTtlSeconds: Number(row['jwt_svid_ttl']) }),
    ...(row['wit_svid_ttl'] !== null && { witSvidTtlSeconds: Number(row['wit_svid_ttl']) }),
    ...(row['expires_at'] !== null && { expiresAt: new Date(Number(row['expires_at'])) }),
    ...(row['descendants'] !== null && { descendants: String(row['descendants']) }),
  };
}

function readList(text: unknown): readonly string[] {
  return text === '[]' ? [] : (JSON.parse(String(text)) as string[]);
}

/**
 * How the database grew, one step each; step N leads from `user_version` N to N + 1. A step that was released is never
 * changed again: what comes later is a further step.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE entries (
    id TEXT PRIMARY KEY,
    spiffe_id TEXT NOT NULL,
    selectors TEXT NOT NULL,
    x509_svid_ttl INTEGER,
    jwt_svid_ttl INTEGER,
    wit_svid_ttl INTEGER,
    dns_names TEXT NOT NULL,
    hint TEXT NOT NULL,
    federates_with TEXT NOT NULL,
    expires_at INTEGER,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE good_files (
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    contents BLOB NOT NULL,
    PRIMARY KEY (folder, name)
  ) STRICT;
  CREATE TABLE bundles (
    trust_domain TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    document TEXT NOT NULL
  ) STRICT
  `,
  'ALTER TABLE entries ADD COLUMN descendants TEXT',
  `
  CREATE TABLE launch_definitions (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID
  `,
  `
  CREATE TABLE launches (
    instance TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    launch TEXT NOT NULL
  ) STRICT, WITHOUT ROWID
  `,
];

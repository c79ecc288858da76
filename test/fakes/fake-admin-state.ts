import type {
  BundleDocument,
  BundleSummary,
  Status,
  WireAuthorityState,
  WireEntryDraft,
} from '../../src/wire/admin.js';

/** When everything in the fake daemon was made: a day before the tests' clock. */
export const CREATED = '2029-12-31T00:00:00.000Z';

/** An entry without anything in it. */
export const EMPTY: WireEntryDraft = {
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

/** How the fake daemon is, apart from what it keeps. */
export const STATUS: Omit<Status, 'entries' | 'authorities' | 'problems' | 'calls'> = {
  version: '0.1.0',
  trust_domain: 'example.org',
  mode: 'user',
  mode_note: 'any process of this user can read the keys',
  pid: 99,
  started_at: '2029-12-31T20:40:00.000Z',
  agent_socket: '/run/spoor/agent.sock',
  admin_socket: '/run/spoor/admin.sock',
  state_folder: '/var/lib/spoor',
  packages_folder: '/var/lib/spoor-packages',
  connections: 3,
  pending_connections: 1,
  streams: 2,
  federated_bundles: 1,
  next_rotation: '2030-01-01T00:07:00.000Z',
  instances: [
    {
      id: 'f00d',
      pid: 4242,
      uid: 1000,
      gid: 1000,
      path: '/usr/bin/node',
      level: 'connected',
      streams: 2,
      attested_at: '2029-12-31T23:59:50.000Z',
      attested: true,
      spiffe_ids: ['spiffe://example.org/web', 'spiffe://example.org/web-2'],
    },
  ],
  instance_count: 1,
};

/** An authority that signs, for two days in all. */
export function authority(profile: string, id: string): WireAuthorityState {
  return {
    profile,
    id,
    state: 'active',
    not_before: CREATED,
    not_after: '2030-01-02T00:00:00.000Z',
    next_change: '2030-01-01T06:00:00.000Z',
  };
}

/** A stored bundle with one certificate. */
export function summary({ trust_domain }: BundleDocument): BundleSummary {
  const counts = { x509_authorities: 1, jwt_authorities: 0, wit_authorities: 0 };
  return { trust_domain, source: 'store', sequence: '', refresh_hint_seconds: 0, ...counts };
}

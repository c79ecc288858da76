/** One metric as it is served at /metrics. Times are seconds. */
export interface MetricRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/** Every metric of the daemon. The README prints this table; a test compares them. */
export const METRICS = {
  calls: row('spoor_calls_total', 'counter', ['method', 'code'], 'Finished RPCs by method and gRPC status.'),
  callSeconds: row(
    'spoor_call_seconds',
    'histogram',
    ['method'],
    'Time from the start of an RPC to its status.',
  ),
  firstAnswer: row(
    'spoor_first_answer_seconds',
    'histogram',
    ['process'],
    'Time from the accept of a connection to its first answer; `new` for a process not seen before.',
  ),
  refusals: row('spoor_refusals_total', 'counter', ['code'], 'Calls refused, by error code.'),
  turnedAway: row(
    'spoor_connections_turned_away_total',
    'counter',
    ['reason'],
    'Connections ended at the door.',
  ),
  attestations: row(
    'spoor_attestations_total',
    'counter',
    ['outcome'],
    'Attestations: complete, partial or failed.',
  ),
  attestSeconds: row(
    'spoor_attestation_seconds',
    'histogram',
    [],
    'Time of one attestation by all attestors.',
  ),
  minted: row('spoor_minted_total', 'counter', ['kind'], 'Documents minted: x509, jwt or wit.'),
  mintSeconds: row('spoor_mint_seconds', 'histogram', ['kind'], 'Time to mint one document, key included.'),
  rotations: row('spoor_rotations_total', 'counter', ['what'], 'Rotations of documents and of authorities.'),
  connections: row('spoor_connections', 'gauge', ['socket'], 'Open connections.'),
  streams: row('spoor_streams', 'gauge', [], 'Open streams.'),
  instances: row('spoor_instances', 'gauge', [], 'Attested processes with an open connection.'),
  entries: row('spoor_entries', 'gauge', [], 'Entries in force.'),
  entryProblems: row('spoor_entry_problems', 'gauge', [], 'Faults in the entry files as they stand now.'),
  authorityExpiry: row(
    'spoor_authority_expiry_seconds',
    'gauge',
    ['profile'],
    'Seconds until the active authority expires.',
  ),
  descriptors: row('spoor_descriptors', 'gauge', [], 'Open file descriptors.'),
  descriptorLimit: row('spoor_descriptor_limit', 'gauge', [], 'Most file descriptors that may be open.'),
  loopDelay: row(
    'spoor_event_loop_delay_seconds',
    'gauge',
    ['quantile'],
    'Event-loop delay since the last scrape.',
  ),
  resident: row('spoor_resident_bytes', 'gauge', [], 'Resident memory.'),
} as const satisfies Record<string, MetricRow>;

function row<L extends string>(
  name: string,
  type: MetricRow['type'],
  labels: readonly L[],
  help: string,
): MetricRow & { readonly labels: readonly L[] } {
  return { name, type, labels, help };
}

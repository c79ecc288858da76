/** What is counted and timed. The rooms report here and know nothing of who collects it. */
export interface Metrics {
  /** One finished RPC; `code` is the gRPC status name, `seconds` from its first byte to its status. */
  called(method: string, code: string, seconds: number): void;
  /** The first answer on a connection, `seconds` after its accept; `new` when its process had not been seen before. */
  firstAnswered(process: 'known' | 'new', seconds: number): void;
  /** One refusal, by error code. */
  refused(code: string): void;
  /** One attestation of a process by all attestors. */
  attested(outcome: 'complete' | 'partial' | 'failed', seconds: number): void;
  /** One document minted. */
  minted(kind: 'x509' | 'jwt' | 'wit', seconds: number): void;
  /** One rotation: of an instance's documents, or of an authority. */
  rotated(what: 'x509-svid' | 'wit-svid' | 'x509-authority' | 'jwt-authority' | 'wit-authority'): void;
  /** One connection that ended at the door, by reason. */
  turnedAway(reason: string): void;
}

/** Counts nothing. */
export const NO_METRICS: Metrics = {
  called: () => {},
  firstAnswered: () => {},
  refused: () => {},
  attested: () => {},
  minted: () => {},
  rotated: () => {},
  turnedAway: () => {},
};

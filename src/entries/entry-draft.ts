/**
 * An entry as somebody wants it, before it is checked and stored.
 *
 * Zero seconds and the epoch mean "none", as in SPIRE: so a change can also take a lifetime or an end away.
 */
export interface EntryDraft {
  /** Given a random one when absent. */
  readonly id?: string;
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly x509SvidTtlSeconds?: number;
  readonly jwtSvidTtlSeconds?: number;
  readonly witSvidTtlSeconds?: number;
  readonly dnsNames?: readonly string[];
  readonly hint?: string;
  readonly federatesWith?: readonly string[];
  readonly expiresAt?: Date;
}

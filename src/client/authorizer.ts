import { SpoorError } from '../core/errors.js';
import { SpiffeId } from '../spiffe/spiffe-id.js';
import { TrustDomain } from '../spiffe/trust-domain.js';

/** Decides whether a peer, whose SVID is valid already, may talk to us. */
export interface Authorizer {
  /** What it lets in, as the end of a sentence; for the message of a refusal. */
  readonly allowed: string;
  /** Anything but `true` refuses. Called for every connection, also for one that resumes a TLS session. */
  readonly allows: (id: SpiffeId) => boolean;
}

/** Lets in whoever has a valid SVID of a trust domain whose bundle we hold, the federated ones too. */
export function authorizeAny(): Authorizer {
  return { allowed: 'any SPIFFE ID', allows: () => true };
}

/** Lets in the workloads of one trust domain. Errors: TRUST_DOMAIN_INVALID. */
export function authorizeMemberOf(trustDomain: TrustDomain | string): Authorizer {
  const wanted = typeof trustDomain === 'string' ? TrustDomain.parse(trustDomain) : trustDomain;
  return { allowed: `members of ${wanted.name}`, allows: (id) => id.memberOf(wanted) };
}

/** Lets in the SPIFFE IDs that are named, and no other. Errors: SPIFFE_ID_INVALID. */
export function authorizeOneOf(ids: Iterable<SpiffeId | string>): Authorizer {
  const wanted = new Set(Array.from(ids, (id) => SpiffeId.parse(id.toString()).toString()));
  return { allowed: [...wanted].join(', ') || 'nobody', allows: (id) => wanted.has(id.toString()) };
}

/**
 * Lets in whom `predicate` says.
 *
 * Takes: `predicate` — answers at once; a promise is not `true`, and refuses. One that throws refuses as well.
 *        `allowed` — whom that is, for the message of a refusal.
 */
export function authorizeIf(
  predicate: (id: SpiffeId) => boolean,
  allowed = 'whom the predicate accepts',
): Authorizer {
  return { allowed, allows: predicate };
}

/**
 * Asks the authorizer, and takes no answer but a plain yes.
 *
 * Errors: TLS_PEER_REFUSED, naming the SPIFFE ID and what is allowed.
 */
export function authorize(id: SpiffeId, authorizer: Authorizer): void {
  // A predicate in JavaScript may give a promise, which is truthy whatever it will say.
  const answer: unknown = ask(id, authorizer);
  if (answer === true) return;
  throw new SpoorError(
    'TLS_PEER_REFUSED',
    `peer ${id.toString()} is refused: allowed is ${authorizer.allowed}`,
    {
      facts: { peer: id.toString() },
      ...(answer instanceof Error ? { cause: answer } : {}),
    },
  );
}

function ask(id: SpiffeId, authorizer: Authorizer): unknown {
  try {
    return authorizer.allows(id);
  } catch (error) {
    return error;
  }
}

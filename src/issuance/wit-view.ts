import type { Lifetimes } from '../authority/settings.js';
import type { P256Keys } from '../keys/p256.js';
import type { DocumentKind, LiveDocument } from './document-kind.js';
import { sameMatches } from './same-matches.js';
import { mintWit } from './token-mint.js';
import type { WitView } from './views.js';

/** A WIT-SVID without what its entry says beside it. */
export interface WitDocument extends LiveDocument {
  readonly token: string;
  /** JWK of the private key, JSON. */
  readonly key: string;
  readonly jti: string;
}

/** WIT-SVIDs, each with a key of its own, and how they are shown to their instance. */
export function witKind(keys: P256Keys, lifetimes: Lifetimes): DocumentKind<WitDocument, WitView> {
  return {
    profile: 'wit',
    empty: { svids: [], matches: { matches: [], refused: [] } },
    ttlOf: ({ witSvidTtlSeconds }) => witSvidTtlSeconds ?? lifetimes.witSvidSeconds,
    signerOf: ({ wit }) => ({ id: wit.kid, notBefore: wit.notBefore, notAfter: wit.notAfter }),
    issue: (match, { wit }, { issuedAt, notAfter }) => {
      const spiffeId = match.spiffeId.toString();
      const minted = mintWit(wit, { spiffeId, issuedAt, expiresAt: notAfter }, keys);
      return { ...minted, spiffeId, entryId: match.entry.id, notAfter };
    },
    isFor: () => true,
    recordOf: ({ jti }) => ({ kind: 'wit', jti }),
    compose: (documents, matches) => ({
      svids: documents.map(([{ entry }, { notAfter, ...document }]) => ({
        ...document,
        hint: entry.hint,
        expiresAt: notAfter,
      })),
      matches,
    }),
    isSame: (one, other) =>
      one.svids.length === other.svids.length &&
      one.svids.every(
        ({ jti, hint }, index) => jti === other.svids[index]?.jti && hint === other.svids[index].hint,
      ) &&
      (one.svids.length > 0 || sameMatches(one.matches, other.matches)),
  };
}

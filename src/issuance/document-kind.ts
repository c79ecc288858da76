import type { AuthoritySet } from '../authority/authority-set.js';
import type { IssuedDocument } from '../core/record.js';
import type { Entry, Match, MatchResult } from '../entries/entry.js';
import type { World } from './world.js';

/** A document of one instance that is in force. */
export interface LiveDocument {
  readonly spiffeId: string;
  readonly entryId: string;
  readonly notAfter: Date;
}

/** When a document is issued and how long it lives. */
export interface Issuance {
  /** A little before `issuedAt`, for verifiers whose clocks are behind. */
  readonly notBefore: Date;
  readonly issuedAt: Date;
  readonly notAfter: Date;
}

/** Who signs a kind of document, as far as its lifetime depends on it. */
export interface SignerFacts {
  readonly id: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What tells one kind of document from another. */
export interface DocumentKind<D extends LiveDocument, V> {
  readonly profile: 'x509' | 'wit';
  readonly empty: V;
  ttlOf(entry: Entry): number;
  signerOf(authorities: AuthoritySet): SignerFacts;
  issue(match: Match, authorities: AuthoritySet, issuance: Issuance): D;
  /** Whether a document is still what its entry asks for, its lifetime aside. */
  isFor(document: D, entry: Entry): boolean;
  recordOf(document: D): IssuedDocument;
  compose(documents: readonly (readonly [Match, D])[], matches: MatchResult, world: World): V;
  isSame(one: V, other: V): boolean;
}

import { isReady } from '../authority/authority-set.js';
import { SpoorError } from '../core/errors.js';
import type { Match } from '../entries/entry.js';
import type { DocumentKind, LiveDocument } from './document-kind.js';
import { endOfLife, rotationInstant } from './schedule.js';
import type { ViewDeps } from './view-deps.js';
import type { World } from './world.js';

/** Issued so much before now, for verifiers whose clocks are behind. */
export const BACKDATE_MS = 10_000;

/** One document with what is needed to know when it is to be replaced. Instants are milliseconds since 1970. */
export interface HeldDocument<D> {
  readonly document: D;
  readonly signerId: string;
  readonly ttlSeconds: number;
  readonly issuedAt: number;
  readonly rotateAt: number;
}

/**
 * Issues one document.
 *
 * Errors: AUTHORITY_NOT_READY when nothing can sign it now.
 */
export function issueDocument<D extends LiveDocument>(
  match: Match,
  { authorities }: World,
  kind: DocumentKind<D, unknown>,
  { clock, metrics, random }: ViewDeps,
): HeldDocument<D> {
  const [issuedAt, startedMs] = [clock.now(), clock.monotonicMs()];
  const signer = kind.signerOf(authorities);
  if (!isReady(signer, signer.id, authorities, issuedAt)) {
    throw new SpoorError('AUTHORITY_NOT_READY', `no ${kind.profile} authority can sign now`);
  }
  const ttlSeconds = kind.ttlOf(match.entry);
  const notAfter = endOfLife(issuedAt, ttlSeconds, signer.notAfter);
  const backdated = Math.max(issuedAt.getTime() - BACKDATE_MS, signer.notBefore.getTime());
  const notBefore = new Date(Math.floor(backdated / 1_000) * 1_000);
  const document = kind.issue(match, authorities, { notBefore, issuedAt, notAfter });
  metrics.minted(kind.profile, (clock.monotonicMs() - startedMs) / 1_000);
  const rotateAt = rotationInstant(issuedAt, notAfter, random()).getTime();
  return { document, signerId: signer.id, ttlSeconds, issuedAt: issuedAt.getTime(), rotateAt };
}

/** Whether a document can be shown: not expired, and not from the future after the clock was set back. */
export function isValid({ document, issuedAt }: HeldDocument<LiveDocument>, now: Date): boolean {
  return document.notAfter > now && issuedAt - BACKDATE_MS <= now.getTime();
}

/** A document belongs to one entry and one SPIFFE ID: a template may give another one to the same entry later. */
export function nameOf({ entry, spiffeId }: Match): string {
  return `${entry.id}\n${spiffeId.toString()}`;
}

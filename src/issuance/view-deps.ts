import type { AuthoritySet } from '../authority/authority-set.js';
import type { Clock } from '../core/clock.js';
import type { Metrics } from '../core/metrics.js';
import type { IssuedDocument, Recorder } from '../core/record.js';
import { untilReplaced, type SnapshotCell } from '../core/snapshot.js';
import { parentOf, type Instance } from '../instances/instance.js';
import type { LiveDocument } from './document-kind.js';
import type { IssuingTrouble } from './issuing-trouble.js';
import type { Matcher } from './matcher.js';
import type { WorldView } from './world.js';

/** A new authority signs within a moment of the old one's end; a caller waits for it rather than being turned away. */
const SIGNER_WAIT_MS = 3_000;

/** What every view works with. */
export interface ViewDeps {
  readonly world: WorldView;
  readonly authorities: SnapshotCell<AuthoritySet>;
  readonly matcher: Matcher;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly trouble: IssuingTrouble;
  readonly metrics: Metrics;
}

/** Waits until the authorities change, and not for long. */
export async function untilAuthoritiesChange({ authorities, clock }: ViewDeps): Promise<void> {
  const enough = new AbortController();
  const replaced = untilReplaced(authorities.current, enough.signal);
  await Promise.race([replaced, clock.sleep(SIGNER_WAIT_MS, enough.signal)]);
  enough.abort();
}

/** Records that a document was issued to an instance. Errors: RECORD_UNWRITABLE; the document is then not to be seen. */
export function recordIssue(
  { recorder }: ViewDeps,
  instance: Instance,
  call: number,
  issued: LiveDocument & { readonly document: IssuedDocument },
): Promise<void> {
  const { id, process, attestation } = instance;
  const parent = parentOf(instance);
  const path = attestation.current.value?.path;
  return recorder.append({
    event: 'issued',
    call,
    instance: id,
    pid: process.pid,
    uid: process.uid,
    ...(path !== undefined && { path }),
    ...(parent !== undefined && { parent }),
    entry: issued.entryId,
    spiffe_id: issued.spiffeId,
    document: issued.document,
    expires: issued.notAfter.toISOString(),
  });
}

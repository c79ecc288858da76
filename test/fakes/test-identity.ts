import type { TlsSource } from '../../src/client/tls-peer.js';
import { SpoorError } from '../../src/core/errors.js';
import { BundleSet } from '../../src/spiffe/bundle.js';
import type { X509Svid } from '../../src/spiffe/x509-svid.js';
import { FakeClock } from './fake-clock.js';
import type { TestAuthority } from './test-authority.js';

/** A workload's identity that a test changes by hand; what an X509Source is to TLS. */
export class TestIdentity implements TlsSource, Disposable {
  svid: X509Svid | undefined;
  bundles: BundleSet;
  readonly clock: FakeClock;
  readonly #closing = new AbortController();

  constructor(svid: X509Svid, trusted: readonly TestAuthority[], now: Date) {
    this.svid = svid;
    this.bundles = BundleSet.of(trusted.map(({ bundle }) => bundle));
    this.clock = new FakeClock(now.toISOString());
  }

  get current(): X509Svid {
    if (this.svid !== undefined) return this.svid;
    throw new SpoorError('IDENTITY_NOT_ISSUED', 'no X509-SVID to present: the identity was withdrawn');
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }
}

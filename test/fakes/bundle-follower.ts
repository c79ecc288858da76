import type { Authorities } from '../../src/authority/authorities.js';
import type { AuthoritySet } from '../../src/authority/authority-set.js';
import type { Clock } from '../../src/core/clock.js';

/**
 * A verifier that follows the bundle as a stream would show it, a while late. It notes each signer that it would have
 * met without knowing it.
 */
export class BundleFollower {
  readonly surprises: string[] = [];
  /** Every signer that was met, in order. */
  readonly met: string[] = [];
  readonly #known = new Map<string, number>();
  readonly #clock: Clock;
  readonly #lateMs: number;

  constructor({ set }: Authorities, clock: Clock, lateMs = 500) {
    this.#clock = clock;
    this.#lateMs = lateMs;
    for (const key of keysOf(set.current.value)) this.#known.set(key, -Infinity);
    this.#meet(set.current.value);
    const follow = (): void => {
      set.current.onReplaced(() => {
        this.#see(set.current.value);
        follow();
      });
    };
    follow();
  }

  #see(value: AuthoritySet): void {
    this.#meet(value);
    const nowMs = this.#clock.now().getTime();
    const keys = keysOf(value);
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    for (const key of keys) if (!this.#known.has(key)) this.#known.set(key, nowMs);
  }

  #meet({ x509, jwt, wit, tainted }: AuthoritySet): void {
    const nowMs = this.#clock.now().getTime();
    const root = x509.chain.length === 0 ? [x509.certificate.toString('base64')] : [];
    for (const key of [...root, `jwt ${jwt.kid}`, `wit ${wit.kid}`]) {
      if (tainted.has(key.slice(4)) || tainted.has(x509.id)) continue;
      if (this.met.at(-1) !== key) this.met.push(key);
      if ((this.#known.get(key) ?? Infinity) + this.#lateMs > nowMs) this.surprises.push(key);
    }
  }
}

function keysOf({ bundle }: AuthoritySet): ReadonlySet<string> {
  return new Set([
    ...bundle.x509Authorities.map((der) => der.toString('base64')),
    ...[...bundle.jwtAuthorities.keys()].map((kid) => `jwt ${kid}`),
    ...[...bundle.witAuthorities.keys()].map((kid) => `wit ${kid}`),
  ]);
}

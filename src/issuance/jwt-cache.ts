import { isReady } from '../authority/authority-set.js';
import type { Lifetimes } from '../authority/settings.js';
import { SpoorError } from '../core/errors.js';
import type { Match } from '../entries/entry.js';
import type { Instance } from '../instances/instance.js';
import { BACKDATE_MS } from './held-document.js';
import { endOfLife, rotationInstant } from './schedule.js';
import { mintJwt } from './token-mint.js';
import { recordIssue, untilAuthoritiesChange, type ViewDeps } from './view-deps.js';
import type { IssuedJwtSvid } from './views.js';

/** JWT-SVIDs that are kept of one instance; the longest unused goes first. */
const MAX_TOKENS = 64;
/** Kept of all instances together, about 1 KB each. */
const MAX_TOKENS_IN_ALL = 32_768;

interface Kept {
  readonly svid: Omit<IssuedJwtSvid, 'hint'>;
  readonly kid: string;
  readonly ttlSeconds: number;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly staleAt: number;
}

/** How many more tokens may be kept; shared by the caches of all instances. */
export class TokenAllowance {
  #left = MAX_TOKENS_IN_ALL;

  /** False when there is no room. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  giveBack(count: number): void {
    this.#left += count;
  }
}

export interface JwtCacheDeps extends ViewDeps {
  readonly lifetimes: Lifetimes;
  readonly allowance: TokenAllowance;
}

/**
 * The JWT-SVIDs of one instance: kept until half of their life for each SPIFFE ID and exact list of audiences, and
 * dropped when their authority is tainted or their entry changes.
 *
 * Source: decision 8; SPIRE's agent does the same.
 */
export class JwtCache {
  readonly #instance: Instance;
  readonly #deps: JwtCacheDeps;
  readonly #kept = new Map<string, Kept>();

  constructor(instance: Instance, deps: JwtCacheDeps) {
    this.#instance = instance;
    this.#deps = deps;
  }

  /**
   * One JWT-SVID for each match.
   *
   * Takes:   `spiffeId`: the only one that is asked for, if one is.
   * Returns: at once when all are kept; otherwise when the new ones are recorded. Empty when nothing matches.
   * Errors:  AUTHORITY_NOT_READY, RECORD_UNWRITABLE, unless an older token is still valid.
   */
  read(
    call: number,
    audience: readonly string[],
    spiffeId?: string,
  ): readonly IssuedJwtSvid[] | Promise<readonly IssuedJwtSvid[]> {
    const { result } = this.#deps.matcher.match(this.#instance, this.#deps.clock.now());
    const asked = result.matches.filter(
      (match) => (spiffeId ?? match.spiffeId.toString()) === match.spiffeId.toString(),
    );
    const kept = asked.map((match) => this.#find(match, audience));
    if (kept.every((one) => one !== undefined)) return kept;
    return Promise.all(asked.map(async (match, index) => kept[index] ?? this.#issue(call, match, audience)));
  }

  /** Forgets everything. */
  clear(): void {
    this.#deps.allowance.giveBack(this.#kept.size);
    this.#kept.clear();
  }

  #find(match: Match, audience: readonly string[]): IssuedJwtSvid | undefined {
    const name = nameOf(match, audience);
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    const { replaced } = this.#deps.world.current.authorities;
    if (replaced.has(kept.kid) || kept.ttlSeconds !== this.#ttlOf(match)) {
      this.#drop(name);
      return undefined;
    }
    const nowMs = this.#deps.clock.now().getTime();
    // From the future, after the clock was set back, it would be refused until the time has come again.
    if (nowMs >= kept.staleAt || nowMs < kept.issuedAt - BACKDATE_MS) return undefined;
    // Last in the map's order: last to be dropped.
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return { ...kept.svid, hint: match.entry.hint };
  }

  async #issue(call: number, match: Match, audience: readonly string[]): Promise<IssuedJwtSvid> {
    try {
      await this.#untilSigner();
      const kept = this.#mint(match, audience);
      await this.#record(call, kept.svid, audience);
      this.#deps.trouble.clear();
      this.#keep(nameOf(match, audience), kept);
      return { ...kept.svid, hint: match.entry.hint };
    } catch (error) {
      const { id, process } = this.#instance;
      this.#deps.trouble.report({ instance: id, pid: process.pid, profile: 'jwt', error });
      const last = this.#kept.get(nameOf(match, audience));
      if (last === undefined || last.svid.expiresAt <= this.#deps.clock.now()) throw error;
      return { ...last.svid, hint: match.entry.hint };
    }
  }

  #mint({ entry, spiffeId }: Match, audience: readonly string[]): Kept {
    const { clock, metrics, world, random } = this.#deps;
    const { jwt, jwtIssuer } = world.current.authorities;
    const [issuedAt, startedMs] = [clock.now(), clock.monotonicMs()];
    const ttlSeconds = entry.jwtSvidTtlSeconds ?? this.#deps.lifetimes.jwtSvidSeconds;
    const expiresAt = endOfLife(issuedAt, ttlSeconds, jwt.notAfter);
    const facts = { spiffeId: spiffeId.toString(), audience, issuer: jwtIssuer, issuedAt, expiresAt };
    const minted = mintJwt(jwt, facts);
    metrics.minted('jwt', (clock.monotonicMs() - startedMs) / 1_000);
    const staleAt = rotationInstant(issuedAt, expiresAt, random()).getTime();
    const svid = { ...minted, spiffeId: facts.spiffeId, expiresAt, entryId: entry.id };
    return { svid, kid: jwt.kid, ttlSeconds, issuedAt: issuedAt.getTime(), staleAt };
  }

  #record(call: number, svid: Kept['svid'], audience: readonly string[]): Promise<void> {
    const document = { kind: 'jwt', jti: svid.jti, audience } as const;
    return recordIssue(this.#deps, this.#instance, call, { ...svid, notAfter: svid.expiresAt, document });
  }

  async #untilSigner(): Promise<void> {
    if (!this.#signerIsReady()) await untilAuthoritiesChange(this.#deps);
    if (!this.#signerIsReady()) throw new SpoorError('AUTHORITY_NOT_READY', 'no jwt authority can sign now');
  }

  #signerIsReady(): boolean {
    const { authorities } = this.#deps.world.current;
    return isReady(authorities.jwt, authorities.jwt.kid, authorities, this.#deps.clock.now());
  }

  #keep(name: string, kept: Kept): void {
    this.#drop(name);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_TOKENS && oldest !== undefined) this.#drop(oldest);
    if (this.#deps.allowance.take()) this.#kept.set(name, kept);
  }

  #drop(name: string): void {
    if (this.#kept.delete(name)) this.#deps.allowance.giveBack(1);
  }

  #ttlOf({ entry }: Match): number {
    return entry.jwtSvidTtlSeconds ?? this.#deps.lifetimes.jwtSvidSeconds;
  }
}

/** The exact list: `[a, b]` is not `[b, a]`, and `["a,b"]` is neither. */
function nameOf({ entry, spiffeId }: Match, audience: readonly string[]): string {
  return JSON.stringify([entry.id, spiffeId.toString(), ...audience]);
}

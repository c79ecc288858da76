import { SpoorError } from '../core/errors.js';
import { Bundle } from '../spiffe/bundle.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { isPublished, type AuthorityRecord } from './authority-record.js';
import type { AuthoritySet, AuthorityState, Profile, TokenSigner, X509Signer } from './authority-set.js';
import type { AuthorityStore } from './authority-store.js';
import { removalOf, timingOf } from './lifecycle.js';
import type { AuthoritySettings } from './settings.js';
import { tokenSignerOf, x509SignerOf } from './signers.js';

/** Told to consumers of the own bundle: how often to look for a new one (Trust Domain and Bundle 4.1.2). */
const REFRESH_HINT_SECONDS = 300;

/** Makes an AuthoritySet of what the store holds; signers and bundle stay the same objects while nothing changes in them. */
export class SetComposer {
  readonly #store: AuthorityStore;
  readonly #trustDomain: TrustDomain;
  readonly #settings: AuthoritySettings;
  readonly #signers = new Map<
    string,
    { readonly record: AuthorityRecord; readonly signer: X509Signer | TokenSigner }
  >();
  #bundle: Bundle | undefined;

  constructor(store: AuthorityStore, trustDomain: TrustDomain, settings: AuthoritySettings) {
    this.#store = store;
    this.#trustDomain = trustDomain;
    this.#settings = settings;
  }

  /** Takes: `superseded`: ids that an operator rotated away. */
  compose(superseded: ReadonlySet<string>): AuthoritySet {
    const { records } = this.#store;
    const tainted = new Set(records.filter(isTainted).map(({ id }) => id));
    return {
      x509: this.#signerOf('x509') as X509Signer,
      jwt: this.#signerOf('jwt') as TokenSigner,
      wit: this.#signerOf('wit') as TokenSigner,
      jwtIssuer: this.#settings.jwt.issuer,
      bundle: this.#compose(),
      tainted,
      replaced: tainted.union(superseded),
      states: records.map((record) => this.#stateOf(record)),
    };
  }

  /** The active one; in the moment after it was tainted, that one, which then refuses to sign. */
  #signerOf(profile: Profile): X509Signer | TokenSigner {
    const records = this.#store.records.filter((record) => record.profile === profile);
    const record =
      records.find(({ state }) => state === 'active') ??
      records.filter(isTainted).reduce<AuthorityRecord | undefined>(latest, undefined);
    if (record === undefined) throw new SpoorError('INVARIANT_BROKEN', `there is no ${profile} authority`);

    const known = this.#signers.get(profile);
    if (known?.record === record) return known.signer;
    const key = this.#store.keyOf(record.id);
    const { public: half } = record;
    const signer = half.kind === 'x509' ? x509SignerOf(record, half, key) : tokenSignerOf(record, half, key);
    this.#signers.set(profile, { record, signer });
    return signer;
  }

  #compose(): Bundle {
    const { sequence, records } = this.#store;
    if (this.#bundle?.sequenceNumber === sequence) return this.#bundle;
    const published = records.filter(isPublished);
    this.#bundle = Bundle.of(this.#trustDomain, {
      x509Authorities: published.flatMap(({ public: half }) => (half.kind === 'x509' ? half.roots : [])),
      jwtAuthorities: new Map(tokenKeys(published, 'jwt')),
      witAuthorities: new Map(tokenKeys(published, 'wit')),
      sequenceNumber: sequence,
      refreshHintSeconds: REFRESH_HINT_SECONDS,
    });
    return this.#bundle;
  }

  #stateOf(record: AuthorityRecord): AuthorityState {
    const { profile, id, state, notBefore, notAfter } = record;
    const nextChange = this.#nextChangeOf(record);
    return { profile, id, state, notBefore, notAfter, ...(nextChange && { nextChange }) };
  }

  /** An active one is succeeded when its successor, if there is one by now, is activated. */
  #nextChangeOf(record: AuthorityRecord): Date | undefined {
    const records = this.#store.records.filter(({ profile }) => profile === record.profile);
    if (record.state === 'active') {
      return records.find(({ state }) => state === 'published')?.activateAt ?? record.notAfter;
    }
    if (record.activateAt !== undefined) return record.activateAt;
    return removalOf(record, timingOf(record.profile, this.#settings.lifetimes));
  }
}

function isTainted({ state }: AuthorityRecord): boolean {
  return state === 'tainted' || state === 'revoked';
}

function latest(one: AuthorityRecord | undefined, other: AuthorityRecord): AuthorityRecord {
  return one === undefined || other.since > one.since ? other : one;
}

function* tokenKeys(records: readonly AuthorityRecord[], profile: 'jwt' | 'wit') {
  for (const { profile: its, id, public: half } of records) {
    if (its === profile && half.kind === 'token') yield [id, half.publicKey] as const;
  }
}

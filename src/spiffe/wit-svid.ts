import type { KeyObject } from 'node:crypto';
import { isJsonObject } from '../encoding/i-json.js';
import { isJwsAlgorithm, type JwsAlgorithm, keySuits } from '../encoding/jws.js';
import type { BundleLookup } from './bundle.js';
import { readJwk } from './jwk.js';
import type { SpiffeId } from './spiffe-id.js';
import {
  checkSignature,
  checkTime,
  hideToken,
  type OpenToken,
  openToken,
  refuse,
  type TokenRules,
} from './svid-token.js';

/** WIT-SVID 3.4: a leeway "of a few seconds" to about two minutes. */
const LEEWAY_SECONDS = 60;

const RULES: TokenRules = {
  name: 'WIT-SVID',
  code: 'WIT_SVID_INVALID',
  clauses: {
    form: 'WIT-1a',
    algorithm: 'WIT-2.3b',
    crit: 'WIT-2.4b',
    claims: 'WIT-1a',
    subject: 'WIT-3.1a',
    expiry: 'WIT-3.4a',
    expired: 'WIT-3.4a',
    early: 'WIT-3.5a',
    signature: 'WIT-6.2a',
    unsuited: 'WIT-2.3b',
  },
};

/** A WIT-SVID. The token is left out when it is printed. */
export interface WitSvid {
  readonly token: string;
  readonly id: SpiffeId;
  readonly expiresAt: Date;
  /** The whole payload; an object without prototype. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The public key of `cnf.jwk`: who holds its private half may use the token. */
  readonly key: KeyObject;
  /** The one algorithm that a proof of possession may be signed with. */
  readonly keyAlgorithm: JwsAlgorithm;
  readonly hint: string;
}

/**
 * Validates a WIT-SVID that someone presents. This is half of the work: the caller must also check a proof, signed
 * with `key` and `keyAlgorithm` over this very exchange, that the sender holds the key. Without it the token says
 * nothing about who sent it. A `jti` is no means against replay.
 *
 * Takes:  `bundles` — every trust domain that is trusted; only that of `sub` judges.
 * Errors: WIT_SVID_INVALID; `facts.clause` names the rule, e.g. WIT-3.2a.
 * Source: WIT-SVID sections 2 to 5.
 */
export function validateWitSvid(token: string, bundles: BundleLookup, now: Date): WitSvid {
  const open = openWit(token);
  const bundle = bundles.get(open.id.trustDomain);
  if (bundle === undefined) {
    throw refuse(
      RULES,
      { clause: 'WAPI-6.3c' },
      `the trust domain ${open.id.trustDomain.name} is not trusted`,
    );
  }
  checkSignature(open, bundle.witAuthorities, RULES);
  checkTime(open, now, LEEWAY_SECONDS, RULES);
  return toSvid(token, open, '');
}

/**
 * Reads a WIT-SVID without judging signature or time: only for one that came from the Workload API.
 *
 * Errors: WIT_SVID_INVALID.
 */
export function parseWitSvid(token: string, hint = ''): WitSvid {
  return toSvid(token, openWit(token), hint);
}

function openWit(token: string): OpenToken {
  const open = openToken(token, RULES);
  const { typ, kid } = open.jws.header;
  if (typ !== 'wit+jwt') throw refuse(RULES, { clause: 'WIT-2.2a' }, 'its typ is not wit+jwt');
  if (typeof kid !== 'string' || kid === '') throw refuse(RULES, { clause: 'WIT-2.1a' }, 'it has no key id');
  if ('aud' in open.claims)
    throw refuse(RULES, { clause: 'WIT-3.8a' }, 'it has an audience, which only a bearer token has');
  return open;
}

function toSvid(token: string, { id, expiresAt, claims }: OpenToken, hint: string): WitSvid {
  return hideToken({ token, id, expiresAt, claims, ...readConfirmation(claims['cnf']), hint });
}

function readConfirmation(cnf: unknown): Pick<WitSvid, 'key' | 'keyAlgorithm'> {
  const jwk = isJsonObject(cnf) ? cnf['jwk'] : undefined;
  const key = isJsonObject(jwk) ? readJwk(jwk) : undefined;
  if (!isJsonObject(jwk) || key === undefined) {
    throw refuse(RULES, { clause: 'WIT-3.2a' }, 'its cnf holds no public key as jwk');
  }
  const keyAlgorithm = jwk['alg'];
  if (!isJwsAlgorithm(keyAlgorithm) || !keySuits(keyAlgorithm, key)) {
    throw refuse(RULES, { clause: 'WIT-3.2b' }, 'the alg of its cnf.jwk is none that suits the key');
  }
  return { key, keyAlgorithm };
}

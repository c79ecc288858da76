import type { BundleLookup } from './bundle.js';
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

/** Seconds by which two clocks may differ; what go-jose, and so SPIRE, allows. */
const DEFAULT_LEEWAY_SECONDS = 60;
/** JWT-SVID 2.3: "JWT" or "JOSE", or nothing. */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT', 'JOSE']);

const RULES: TokenRules = {
  name: 'JWT-SVID',
  code: 'JWT_SVID_INVALID',
  clauses: {
    form: 'JWT-1a',
    algorithm: 'JWT-2.1b',
    crit: 'JWT-4a',
    claims: 'JWT-4a',
    subject: 'JWT-3.1a',
    expiry: 'JWT-3.3a',
    expired: 'JWT-3.3b',
    early: 'JWT-4a',
    signature: 'JWT-4b',
    unsuited: 'JWT-4c',
  },
};

/** A JWT-SVID. The token is left out when it is printed. */
export interface JwtSvid {
  readonly token: string;
  readonly id: SpiffeId;
  readonly audience: readonly string[];
  readonly expiresAt: Date;
  readonly issuedAt?: Date;
  /** The whole payload; an object without prototype. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly hint: string;
}

export interface JwtValidationOptions {
  /** How long after `exp`, and before `nbf`, a token still holds; 60 unless said otherwise. */
  readonly leewaySeconds?: number;
}

/**
 * Validates a JWT-SVID that someone presents.
 *
 * Takes:   `audience` — the one name that the validator goes by; compared byte by byte.
 *          `bundles` — every trust domain that is trusted; only that of `sub` judges.
 * Errors:  JWT_SVID_INVALID; `facts.clause` names the rule, e.g. JWT-3.2b.
 * Source:  JWT-SVID sections 2 to 4, RFC 7519 section 7.2. Header parameters other than alg, kid and typ are ignored.
 */
export function validateJwtSvid(
  token: string,
  audience: string,
  bundles: BundleLookup,
  now: Date,
  options: JwtValidationOptions = {},
): JwtSvid {
  const open = openJwt(token);
  const trustDomain = open.id.trustDomain;
  const bundle = bundles.get(trustDomain);
  if (bundle === undefined) {
    throw refuse(RULES, { clause: 'WAPI-6.3c' }, `the trust domain ${trustDomain.name} is not trusted`);
  }
  checkSignature(open, bundle.jwtAuthorities, RULES);
  checkTime(open, now, options.leewaySeconds ?? DEFAULT_LEEWAY_SECONDS, RULES);
  const svid = toSvid(token, open, '');
  if (!svid.audience.includes(audience))
    throw refuse(RULES, { clause: 'JWT-3.2b' }, 'it is meant for another audience');
  return svid;
}

/**
 * Reads a JWT-SVID without judging signature or time: only for one that came from the Workload API.
 *
 * Errors: JWT_SVID_INVALID.
 */
export function parseJwtSvid(token: string, hint = ''): JwtSvid {
  return toSvid(token, openJwt(token), hint);
}

function openJwt(token: string): OpenToken {
  const open = openToken(token, RULES);
  if (!TYPES.has(open.jws.header['typ']))
    throw refuse(RULES, { clause: 'JWT-2.3a' }, 'its typ is neither JWT nor JOSE');
  return open;
}

function toSvid(token: string, { id, claims, expiresAt, issuedAt }: OpenToken, hint: string): JwtSvid {
  const audience = readAudience(claims['aud']);
  return hideToken({ token, id, audience, expiresAt, ...(issuedAt && { issuedAt }), claims, hint });
}

/** RFC 7519 4.1.3: an array, or, for one audience, a string. */
function readAudience(aud: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (list.length === 0 || !list.every((one) => typeof one === 'string')) {
    throw refuse(RULES, { clause: 'JWT-3.2a' }, 'it has no audience');
  }
  return list;
}

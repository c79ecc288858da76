import { z } from 'zod';
import { parseDuration } from '../core/duration.js';
import { SpoorError } from '../core/errors.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import { LOG_LEVELS } from './log.js';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
/** More of anything than a machine has. */
const MOST = 10_000_000;

/**
 * Every setting, as it stands in spoor.yaml. The README's table and `spoor check` are made from this.
 *
 * Durations are written `90s`, `15m`, `24h`; unknown keys are refused.
 */
export const SETTINGS = z.strictObject({
  trust_domain: trustDomain().optional().describe('The trust domain that this daemon issues for. Required.'),
  mode: choice(['root', 'user']).optional().describe('root defends against hostile processes; user cannot.'),
  state: path('Folder of keys, database and record; 0700.'),
  socket: path('Socket of the Workload API.'),
  admin_socket: path('Socket of the admin API; 0600.'),
  launch_socket: path('Socket of `spoor launch`; by default beside the agent socket.'),
  entries: path('Folder of entry files, watched.'),
  bundles: path('Folder of the bundles of other trust domains, watched.'),
  launch: path('Folder of launch definitions, watched.'),
  packages: path('Folder of pinned packages, which those who run them must be able to read.'),
  http: z
    .strictObject({ listen: listen().describe('IP:PORT of /live, /ready and /metrics; off unless set.') })
    .optional(),
  lifetimes: z
    .strictObject({
      x509_svid: duration('15m', MINUTE, DAY, 'Lifetime of an X509-SVID unless its entry says otherwise.'),
      jwt_svid: duration('5m', 10, DAY, 'Lifetime of a JWT-SVID unless its entry says otherwise.'),
      wit_svid: duration('15m', MINUTE, DAY, 'Lifetime of a WIT-SVID unless its entry says otherwise.'),
      authority: duration('24h', HOUR, 365 * DAY, 'Lifetime of an authority before it is rotated.'),
    })
    .prefault({}),
  upstream: z
    .strictObject({
      certificate: z.string().min(1).describe('PEM: the signing certificate, then its intermediates.'),
      key: z.string().min(1).describe('PEM: the private key of the signing certificate.'),
      bundle: z.string().min(1).describe('PEM: the root certificates that verifiers trust.'),
    })
    .optional()
    .describe('Sign X509-SVIDs with an intermediate of your own PKI instead of a self-signed root.'),
  jwt: z
    .strictObject({
      issuer: z
        .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
        .optional()
        .describe('Claim `iss` of JWT-SVIDs; absent unless set.'),
      algorithm: choice(['ES256', 'ES384', 'RS256'])
        .default('ES256')
        .describe('Signature algorithm of JWT-SVIDs.'),
    })
    .prefault({}),
  wit: z.boolean('must be true or false').default(true).describe('Offer the WIT-SVID profile.'),
  keys: z
    .strictObject({
      passphrase_file: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Encrypt the authority keys under the passphrase in this file (a systemd credential, say).',
        ),
    })
    .prefault({}),
  limits: z
    .strictObject({
      descriptors: count(
        64,
        'File descriptors that connections and processes may hold; by default all but a reserve.',
      ).optional(),
      descriptors_per_uid: count(16, 'The same for one uid; by default a quarter of the limit.').optional(),
      streams_per_connection: count(1, 'Open streams of one connection.').default(250),
      calls_per_second_per_uid: count(1, 'Calls that one uid may make each second, on average.').default(
        20_000,
      ),
      calls_per_second_per_process: count(
        1,
        'Calls that one process may make each second, on average.',
      ).default(20_000),
      hash_size: count(1, 'Largest executable that is hashed, in MiB.').default(1_024),
    })
    .prefault({}),
  jwt_claims_of_foreign_trust_domains: z
    .array(z.string().min(1))
    .default([])
    .describe('Claims besides sub, aud and exp that ValidateJWTSVID returns for foreign trust domains.'),
  log: z
    .strictObject({
      level: choice(LOG_LEVELS).default('info').describe('Least level that is logged.'),
      format: choice(['auto', 'text', 'json'])
        .default('auto')
        .describe('auto: text on a terminal, JSON otherwise.'),
    })
    .prefault({}),
});

export type Settings = z.output<typeof SETTINGS>;

function path(what: string): z.ZodOptional<z.ZodString> {
  const words = 'must be an absolute path';
  return z.string(words).startsWith('/', words).optional().describe(what);
}

function count(least: number, what: string): z.ZodNumber {
  const words = `must be a whole number from ${least} to ${MOST}`;
  return z.int(words).min(least, words).max(MOST, words).describe(what);
}

function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodEnum<{ [Value in Values[number]]: Value }> {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

function duration(
  standard: string,
  least: number,
  most: number,
  what: string,
): z.ZodPrefault<z.ZodPipe<z.ZodString, z.ZodTransform<number, string>>> {
  const seconds = z.string('must be a duration such as 90s, 15m or 24h').transform((text, context) => {
    const parsed = attempt(context, () => parseDuration(text));
    if (parsed < least || parsed > most) return fail(context, `must be from ${least} s to ${most} s`);
    return parsed;
  });
  return seconds.prefault(standard).describe(what);
}

function trustDomain(): z.ZodType<TrustDomain, string> {
  return z.string().transform((text, context) => attempt(context, () => TrustDomain.parse(text)));
}

function listen(): z.ZodType<{ host: string; port: number }, string> {
  return z.string().transform((text, context) => {
    const found = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d{1,5})$/i.exec(text);
    const port = Number(found?.[3]);
    const host = found?.[1] ?? found?.[2];
    if (host === undefined || port > 65_535) return fail(context, 'must be IP:PORT, e.g. 127.0.0.1:9464');
    return { host, port };
  });
}

function attempt<T>(context: z.RefinementCtx, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SpoorError)) throw error;
    return fail(context, error.message);
  }
}

function fail(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

import type { X509Context } from '../client/x509-responses.js';
import type { Bundle } from '../spiffe/bundle.js';
import type { X509Svid } from '../spiffe/x509-svid.js';
import type { Paint } from './paint.js';
import { relative, span } from './since.js';
import { authoritiesPem, chainPem } from './svid-files.js';
import { indented, table } from './table.js';

/** X509-SVIDs and bundles as `X509_JSON` has them; keys are left out. */
export function x509Json({ svids, bundles }: X509Context, files: readonly string[]): object {
  return {
    svids: svids.map((svid) => ({
      spiffe_id: svid.id.toString(),
      hint: svid.hint,
      serial: svid.serial,
      fingerprint: svid.fingerprint,
      not_before: svid.notBefore.toISOString(),
      not_after: svid.notAfter.toISOString(),
      certificates: chainPem(svid),
    })),
    bundles: [...bundles].map(({ trustDomain, x509Authorities }) => ({
      trust_domain: trustDomain.name,
      certificates: authoritiesPem(x509Authorities),
    })),
    files,
  };
}

/** The same for people. */
export function x509Text(context: X509Context, files: readonly string[], now: Date, paint: Paint): string {
  const own = context.svids[0]?.id.trustDomain.name;
  const trusted = [...context.bundles]
    .toSorted((one, other) => rank(one, own) - rank(other, own))
    .map(trustedText)
    .join(', ');
  return [
    ...context.svids.map((svid) => svidText(svid, now, paint)),
    `trusts ${trusted}`,
    ...files.map((file) => `wrote ${file}`),
  ].join('\n');
}

function svidText(svid: X509Svid, now: Date, paint: Paint): string {
  const fields = [
    ['serial', svid.serial],
    ['fingerprint', svid.fingerprint],
    ['expires', `${relative(svid.notAfter, now)}, ${renewal(svid, now)}`],
    ...(svid.hint === '' ? [] : [['hint', svid.hint]]),
  ];
  return `${paint.strong(svid.id.toString())}\n${indented(table(fields))}`;
}

/** Source: decision 8 in src/README.md; the jitter is the daemon's secret. */
function renewal({ notBefore, notAfter }: X509Svid, now: Date): string {
  const half = (notBefore.getTime() + notAfter.getTime()) / 2;
  const seconds = (half - now.getTime()) / 1_000;
  return seconds > 0 ? `renews in about ${span(seconds)}` : 'renews now';
}

/** The own trust domain before all others. */
function rank({ trustDomain }: Bundle, own: string | undefined): number {
  return trustDomain.name === own ? 0 : 1;
}

function trustedText({ trustDomain, x509Authorities }: Bundle): string {
  const count = x509Authorities.length;
  return `${trustDomain.name} (${count} ${count === 1 ? 'authority' : 'authorities'})`;
}

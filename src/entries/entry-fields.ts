import { z } from 'zod';
import { SpoorError } from '../core/errors.js';
import { formatDuration } from '../core/duration.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import { descendantsFault } from './descendants.js';
import { isDnsName } from './dns-name.js';
import { selectorFault } from './selector.js';
import { spiffeIdFault } from './template.js';

/** An SVID is renewed at half of its life, and a renewal that failed is tried again 5 s later: both must fit. */
const MIN_TTL_SECONDS = 10;
/** Nothing on this node is revoked faster than by its end; and no authority signs beyond its own. */
const MAX_TTL_SECONDS = 86_400;
/** As long as SPIRE's. */
const MAX_ID_LENGTH = 255;
/** A process has a few dozen. */
const MAX_SELECTORS = 64;
/** All of them stand in one certificate, which travels in every handshake. */
const MAX_DNS_NAMES = 64;
const MAX_FEDERATES_WITH = 256;
/** Workload API section 8. */
const MAX_HINT_BYTES = 1_024;

const ALLOWED = {
  id: `1 to ${MAX_ID_LENGTH} of letters, digits, dot, dash and underscore`,
  selectors: `1 to ${MAX_SELECTORS} selectors`,
  ttl: `from ${formatDuration(MIN_TTL_SECONDS)} to ${formatDuration(MAX_TTL_SECONDS)}`,
  dnsName: 'a DNS name in lower case, * for the whole first label if need be',
  dnsNames: `at most ${MAX_DNS_NAMES} DNS names`,
  hint: `text of at most ${MAX_HINT_BYTES} bytes`,
  federatesWith: `at most ${MAX_FEDERATES_WITH} names of other trust domains`,
} as const;

const text = z.string({ error: 'text' });

/** One check for each field of an entry, wherever it comes from. What a check says is what is allowed. */
// The type is the schemas' own; writing it out would say everything twice.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function entryFields(trustDomain: TrustDomain) {
  const list = (error: string) => z.array(text, { error });
  return {
    id: text.regex(/^[A-Za-z0-9._-]+$/, ALLOWED.id).max(MAX_ID_LENGTH, ALLOWED.id),
    spiffeId: text.check(saying((value) => spiffeIdFault(value, trustDomain))),
    selectors: list('a list of selectors')
      .min(1, ALLOWED.selectors)
      .max(MAX_SELECTORS, ALLOWED.selectors)
      .check(sayingOfEach(selectorFault)),
    ttlSeconds: z
      .int({ error: ALLOWED.ttl })
      .min(MIN_TTL_SECONDS, ALLOWED.ttl)
      .max(MAX_TTL_SECONDS, ALLOWED.ttl),
    dnsNames: list('a list of DNS names')
      .max(MAX_DNS_NAMES, ALLOWED.dnsNames)
      .check(sayingOfEach((value) => (isDnsName(value) ? undefined : ALLOWED.dnsName))),
    hint: text.check(
      saying((value) => (Buffer.byteLength(value) > MAX_HINT_BYTES ? ALLOWED.hint : undefined)),
    ),
    federatesWith: list('a list of trust domains')
      .max(MAX_FEDERATES_WITH, ALLOWED.federatesWith)
      .check(sayingOfEach((value) => federationFault(value, trustDomain))),
    descendants: text.check(saying((value) => descendantsFault(value, trustDomain))),
  };
}

type Fault = (value: string) => string | undefined;

function saying(fault: Fault): z.core.CheckFn<string> {
  return ({ value, issues }) => {
    const message = fault(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value });
  };
}

/** One check for the whole list: one for each element would cost more than what it checks. */
function sayingOfEach(fault: Fault): z.core.CheckFn<string[]> {
  return ({ value, issues }) => {
    for (const [at, input] of value.entries()) {
      const message = fault(input);
      if (message !== undefined) issues.push({ code: 'custom', message, input, path: [at] });
    }
  };
}

function federationFault(value: string, own: TrustDomain): string | undefined {
  try {
    return TrustDomain.parse(value).name === own.name ? 'another trust domain than the own one' : undefined;
  } catch (error) {
    if (error instanceof SpoorError) return `the name of a trust domain, and this is ${error.message}`;
    throw error;
  }
}

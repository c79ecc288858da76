const MAX_DNS_NAME_LENGTH = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether `text` can stand as a DNS name in a certificate: in lower case, since that is how clients compare it, with
 * `*` for the whole first label if need be.
 *
 * Source: RFC 1123 section 2.1 (letters, digits, hyphen; 63 a label, 253 in all); RFC 6125 section 6.4.3 (wildcards).
 */
export function isDnsName(text: string): boolean {
  if (text.length > MAX_DNS_NAME_LENGTH) return false;
  const labels = text.split('.');
  if (labels[0] === '*' && labels.length > 2) labels.shift();
  return labels.every((label) => LABEL.test(label));
}

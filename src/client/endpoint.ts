import { isIPv4, isIPv6 } from 'node:net';
import { SpoorError } from '../core/errors.js';

/** The variable that names the Workload API when nothing else does (Workload Endpoint section 4). */
export const ENDPOINT_VARIABLE = 'SPIFFE_ENDPOINT_SOCKET';
/** sockaddr_un holds 108 bytes, the closing NUL among them; unix(7). */
const MAX_SOCKET_PATH_BYTES = 107;
/** What RFC 3986 section 3.3 lets stand in a path. */
const PATH = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/;
const TCP = /^\/\/(?:\[([^\]%]*)\]|([^:[\]]*)):([0-9]+)$/;

/** Where a Workload API is. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly ip: string; readonly port: number };

/**
 * Reads the address of a Workload API.
 *
 * Shape:  `unix:///absolute/path` or `unix:/absolute/path`, percent-encoded where RFC 3986 demands it; or
 *         `tcp://IP:PORT`, an IPv6 address in brackets. No user, host, query or fragment.
 * Limit:  107 bytes of socket path, decoded; unix(7).
 * Errors: ENDPOINT_INVALID, saying what is wrong. Host names are refused: the standard wants an IP address.
 * Source: Workload Endpoint section 4.
 */
export function parseEndpoint(text: string): Endpoint {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(0, colon)).toLowerCase();
  const rest = text.slice(colon + 1);
  if (rest.includes('?')) throw invalid(text, 'it has a query');
  if (rest.includes('#')) throw invalid(text, 'it has a fragment');
  if (scheme === 'unix') return { kind: 'unix', path: readSocketPath(text, rest) };
  if (scheme === 'tcp') return { kind: 'tcp', ...readAddress(text, rest) };
  throw invalid(text, 'its scheme is neither unix nor tcp');
}

/**
 * The endpoint that `SPIFFE_ENDPOINT_SOCKET` names.
 *
 * Errors: ENDPOINT_INVALID, also when the variable is not set.
 * Source: Workload Endpoint section 4.
 */
export function endpointFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Endpoint {
  const text = env[ENDPOINT_VARIABLE];
  if (text !== undefined && text !== '') return parseEndpoint(text);
  throw new SpoorError('ENDPOINT_INVALID', `no endpoint was given and ${ENDPOINT_VARIABLE} is not set`);
}

/** The endpoint as grpc-js wants it named. */
export function grpcTarget(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix://${endpoint.path}`;
  return isIPv6(endpoint.ip)
    ? `ipv6:[${endpoint.ip}]:${endpoint.port}`
    : `ipv4:${endpoint.ip}:${endpoint.port}`;
}

function readSocketPath(text: string, rest: string): string {
  const encoded = rest.startsWith('//') ? rest.slice(2) : rest;
  if (encoded === '') throw invalid(text, 'the path is missing');
  if (!encoded.startsWith('/')) {
    throw invalid(text, rest.startsWith('//') ? 'it names a host' : 'the path is not absolute');
  }
  if (!PATH.test(encoded)) throw invalid(text, 'the path holds a character that must be percent-encoded');
  const path = decode(text, encoded);
  if (path === '/' || path.includes('\0')) throw invalid(text, 'the path names no socket');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  throw invalid(text, `the path is longer than ${MAX_SOCKET_PATH_BYTES} bytes`);
}

function readAddress(text: string, rest: string): { ip: string; port: number } {
  const [, ipv6, ipv4, digits] = TCP.exec(rest) ?? [];
  if (digits === undefined) throw invalid(text, 'it is not an IP address and a port, and nothing else');
  const ip = ipv6 ?? ipv4 ?? '';
  if (ipv6 === undefined ? !isIPv4(ip) : !isIPv6(ip)) throw invalid(text, 'the host is not an IP address');
  const port = Number(digits);
  if (port >= 1 && port <= 65_535) return { ip, port };
  throw invalid(text, 'the port is not between 1 and 65535');
}

function decode(text: string, encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw invalid(text, 'the path is not percent-encoded UTF-8', cause);
  }
}

function invalid(text: string, why: string, cause?: unknown): SpoorError {
  return new SpoorError('ENDPOINT_INVALID', `not a Workload API endpoint: ${why}`, {
    facts: { text: text.slice(0, 200) },
    cause,
  });
}

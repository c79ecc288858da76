/** Who has to act before the operation can succeed. Five kinds, and no more. */
export type Kind = 'caller' | 'operator' | 'workload' | 'wait' | 'bug';

/** Every error that Spoor can raise, one row each, by room. A test pins the codes. */
export const ERRORS = {
  // what a caller sent
  ARGUMENT_INVALID: { kind: 'caller', remedy: 'Correct the named argument; `--help` shows what it takes.' },
  HEADER_MISSING: {
    kind: 'caller',
    remedy: 'Send the metadata `workload.spiffe.io: true` once with every call, as SPIFFE libraries do.',
  },
  SPIFFE_ID_INVALID: {
    kind: 'caller',
    remedy: 'Write it as spiffe://<trust domain>/<path>; see SPIFFE-ID section 2.',
  },
  TRUST_DOMAIN_INVALID: {
    kind: 'caller',
    remedy: 'Use 1 to 255 characters of a-z, 0-9, dot, dash and underscore.',
  },
  DER_INVALID: { kind: 'caller', remedy: 'Send strict DER, as X.690 section 10 defines it.' },
  PEM_INVALID: { kind: 'caller', remedy: 'Send PEM blocks with matching BEGIN and END lines.' },
  JSON_INVALID: {
    kind: 'caller',
    remedy: 'Send I-JSON (RFC 7493): UTF-8, no duplicate names, no lone surrogates.',
  },
  JWS_INVALID: { kind: 'caller', remedy: 'Send one compact JWS: three base64url parts, joined by dots.' },
  X509_SVID_INVALID: {
    kind: 'caller',
    remedy: 'Fetch a new X509-SVID; the facts name the clause that it breaks.',
  },
  JWT_SVID_INVALID: { kind: 'caller', remedy: 'Fetch a new JWT-SVID for the audience in question.' },
  WIT_SVID_INVALID: { kind: 'caller', remedy: 'Fetch a new WIT-SVID.' },
  BUNDLE_INVALID: {
    kind: 'caller',
    remedy: 'Send a SPIFFE bundle document (a JWK Set with `keys`) or PEM certificates.',
  },
  SELECTOR_INVALID: { kind: 'caller', remedy: 'Write selectors as attestor:name:value, e.g. unix:uid:1000.' },
  ENDPOINT_INVALID: {
    kind: 'caller',
    remedy: 'Set SPIFFE_ENDPOINT_SOCKET to unix:///absolute/path or tcp://IP:PORT.',
  },
  ENTRY_NOT_FOUND: { kind: 'caller', remedy: 'List the entries with `spoor entry list`.' },
  ENTRY_EXISTS: { kind: 'caller', remedy: 'Choose another id, or change the entry that has it.' },
  ENTRY_READ_ONLY: { kind: 'caller', remedy: 'Edit the file that is named; it is watched.' },
  BUNDLE_READ_ONLY: { kind: 'caller', remedy: 'Edit the file that is named; it is watched.' },
  BUNDLE_NOT_FOUND: { kind: 'caller', remedy: 'List the bundles with `spoor bundle list`.' },
  AUTHORITY_NOT_FOUND: { kind: 'caller', remedy: 'List the authorities with `spoor authority show`.' },
  PROCESS_NOT_FOUND: { kind: 'caller', remedy: 'Name a process that is running; `ps` lists them.' },
  INSTANCE_NOT_FOUND: { kind: 'caller', remedy: 'List the launched instances with `spoor instances`.' },
  DEFINITION_NOT_FOUND: {
    kind: 'caller',
    remedy: 'List the launch definitions with `spoor launch-def list`.',
  },
  DEFINITION_EXISTS: { kind: 'caller', remedy: 'Choose another name, or delete the definition that has it.' },
  DEFINITION_READ_ONLY: { kind: 'caller', remedy: 'Edit the file that is named; it is watched.' },
  LAUNCH_REFUSED: {
    kind: 'caller',
    remedy: 'Launch as the definition allows, or have the operator change it (`spoor launch-def show`).',
  },
  LAUNCH_MESSAGE_INVALID: {
    kind: 'caller',
    remedy: 'Speak the launch protocol as `spoor launch` of the same version does.',
  },
  HTTP2_INVALID: {
    kind: 'caller',
    remedy: 'Speak HTTP/2 with prior knowledge over the socket, as gRPC libraries do.',
  },
  SERVICE_NOT_FOUND: { kind: 'caller', remedy: 'Ask for the empty name, or for SpiffeWorkloadAPI.' },
  // what an operator set
  CONFIG_INVALID: { kind: 'operator', remedy: 'Correct the named settings, then run `spoor check`.' },
  ENTRIES_INVALID: {
    kind: 'operator',
    remedy: 'Correct the named lines; the last good entries stay in force.',
  },
  DEFINITIONS_INVALID: {
    kind: 'operator',
    remedy: 'Correct the named lines; the last good launch definitions stay in force.',
  },
  LAUNCH_FAILED: {
    kind: 'operator',
    remedy:
      'Mend what the message names: the definition, its files or its user; `spoor check` looks at them.',
  },
  SOCKET_IN_USE: {
    kind: 'operator',
    remedy: 'Stop what answers there, or set another --socket, --admin-socket, --launch-socket or --http.',
  },
  SOCKET_UNUSABLE: {
    kind: 'operator',
    remedy: 'Make the folder, writable for the daemon, or name another path or address.',
  },
  STATE_UNUSABLE: {
    kind: 'operator',
    remedy: 'Mend the state folder as the message says; nothing in it was changed.',
  },
  STATE_FOREIGN: {
    kind: 'operator',
    remedy: 'Use the trust domain that the state belongs to, or another --state folder.',
  },
  KEY_UNREADABLE: {
    kind: 'operator',
    remedy: 'Give the right passphrase file, or restore the key file from backup.',
  },
  UPSTREAM_INVALID: {
    kind: 'operator',
    remedy: 'Correct the upstream certificate, key or bundle that is named.',
  },
  RECORD_UNWRITABLE: {
    kind: 'operator',
    remedy: 'Free disk space in the state folder; nothing is issued unrecorded.',
  },
  ADMIN_DENIED: { kind: 'operator', remedy: 'Run the command as the user that runs the daemon, or as root.' },
  KERNEL_UNSUPPORTED: {
    kind: 'operator',
    remedy: 'Run Spoor on Linux 5.10 or later; `spoor check` lists what is missing.',
  },
  RESPONSE_INVALID: {
    kind: 'operator',
    remedy: 'Mend the Workload API that sent it; the last good documents stay in force.',
  },
  // what a workload is
  IDENTITY_NOT_ISSUED: {
    kind: 'workload',
    remedy: 'Add an entry whose selectors all hold for this process; `spoor explain <pid>` lists them.',
  },
  PEER_UNKNOWN: {
    kind: 'workload',
    remedy: 'Connect from the process that makes the call, and do not pass the socket on.',
  },
  TLS_PEER_REFUSED: { kind: 'workload', remedy: 'Check which SPIFFE IDs the authorizer allows.' },
  // what passes by itself
  AUTHORITY_NOT_READY: {
    kind: 'wait',
    remedy: 'Retry with backoff; the daemon is still loading its signing keys.',
  },
  ATTESTATION_FAILED: {
    kind: 'wait',
    remedy: 'Retry with backoff; the log has the outcome of each attestor.',
  },
  RATE_EXCEEDED: { kind: 'wait', remedy: 'Retry with backoff; `limits` in the settings holds the rates.' },
  DAEMON_UNREACHABLE: {
    kind: 'wait',
    remedy: 'Start spoord, or name its socket with --socket or --admin-socket.',
  },
  LAUNCH_LOST: {
    kind: 'wait',
    remedy: 'The program went on, and its exit status is lost; `spoor instances` lists what still runs.',
  },
  DEADLINE_EXCEEDED: { kind: 'wait', remedy: 'Try again, or allow more time.' },
  STOPPING: { kind: 'wait', remedy: 'Reconnect; the daemon is stopping.' },
  // what only we can mend
  NOT_OFFERED: { kind: 'caller', remedy: 'Switch the profile on in the settings.' },
  INVARIANT_BROKEN: { kind: 'bug', remedy: 'Please report this with the log lines around it.' },
} as const satisfies Record<string, { kind: Kind; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** Values that help the reader to find the fault. Never a private key, token or whole request. */
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly cause?: unknown;
}

/**
 * The only error class that Spoor throws.
 *
 * `code` is for programs and never changes; `message` is one sentence for people, lower case, no full
 * stop; `remedy` is the next thing to do.
 */
export class SpoorError extends Error {
  override readonly name = 'SpoorError';
  readonly code: ErrorCode;
  readonly kind: Kind;
  readonly remedy: string;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.kind = ERRORS[code].kind;
    this.remedy = ERRORS[code].remedy;
    this.facts = details.facts ?? {};
  }
}

/** What can be recorded. One line of JSON each, with `at` (RFC 3339, UTC) and `event` in front. */
export type RecordEvent =
  | {
      readonly event: 'attested';
      readonly call: number;
      readonly instance: string;
      readonly pid: number;
      readonly uid: number;
      readonly gid: number;
      readonly path?: string;
      readonly level: 'launched' | 'connected' | 'asserted';
      readonly selectors: readonly string[];
      /** Id of the instance that it descends from, or that had it launched. */
      readonly parent?: string;
    }
  | {
      readonly event: 'issued';
      readonly call: number;
      readonly instance: string;
      readonly pid: number;
      readonly uid: number;
      readonly path?: string;
      /** As above. */
      readonly parent?: string;
      readonly entry: string;
      readonly spiffe_id: string;
      readonly document: IssuedDocument;
      /** RFC 3339, UTC. */
      readonly expires: string;
    }
  | {
      readonly event: 'launched';
      readonly instance: string;
      /** Of the definition. */
      readonly name: string;
      readonly pid: number;
      /** As whom it runs, and whose wish it was. */
      readonly uid: number;
      readonly launched_by: number;
      /** Id of the instance that had it launched. */
      readonly parent?: string;
      readonly executable: string;
      readonly executable_sha256: string;
      readonly script?: {
        readonly path: string;
        readonly sha256: string;
        readonly interpreter_args: readonly string[];
        readonly package?: string;
        readonly lock_sha256?: string;
      };
    }
  | {
      readonly event: 'ended';
      readonly instance: string;
      readonly pid: number;
      /** Absent when a signal ended it, or its status was lost with an earlier daemon. */
      readonly code?: number;
      readonly signal?: string;
    }
  | {
      readonly event: 'refused';
      readonly call: number;
      readonly code: string;
      readonly method: string;
      readonly pid?: number;
      readonly uid?: number;
      readonly instance?: string;
      /** How many refusals of this uid and code this line stands for; absent for one. */
      readonly count?: number;
    }
  | {
      readonly event: 'authority';
      readonly profile: 'x509' | 'jwt' | 'wit';
      readonly id: string;
      readonly state: string;
    };

/** By what an issued document is found again. `serial` and `fingerprint` (SHA-256 of the DER) are lower-case hex. */
export type IssuedDocument =
  | { readonly kind: 'x509'; readonly serial: string; readonly fingerprint: string }
  | { readonly kind: 'jwt'; readonly jti: string; readonly audience: readonly string[] }
  | { readonly kind: 'wit'; readonly jti: string };

/**
 * The node's evidence, as everyone who writes to it sees it.
 *
 * `append` resolves when the record is on disk; a document leaves the daemon only after that.
 *
 * Errors: RECORD_UNWRITABLE; the document that it stands for is then not handed out.
 */
export interface Recorder {
  append(event: RecordEvent): Promise<void>;
}

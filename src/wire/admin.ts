import { methodsOf, type Methods } from './definitions.js';
import type {
  AddLaunchDefinitionRequest,
  ListLaunchDefinitionsResponse,
  WireLaunchDefinition,
} from './launch-definitions.js';

/** The messages of proto/spoor/v1/admin.proto; the comments are there. Instants are RFC 3339 in UTC, or empty. */
export type Nothing = Readonly<Record<string, never>>;

export interface Status {
  readonly version: string;
  readonly trust_domain: string;
  readonly mode: string;
  readonly mode_note: string;
  readonly pid: number;
  readonly started_at: string;
  readonly agent_socket: string;
  readonly admin_socket: string;
  readonly state_folder: string;
  readonly packages_folder: string;
  readonly calls: number;
  readonly connections: number;
  readonly pending_connections: number;
  readonly streams: number;
  readonly entries: number;
  readonly federated_bundles: number;
  readonly next_rotation: string;
  readonly instances: readonly InstanceStatus[];
  readonly instance_count: number;
  readonly authorities: readonly WireAuthorityState[];
  readonly problems: readonly Problem[];
}

export interface InstanceStatus {
  readonly id: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
  readonly level: string;
  readonly streams: number;
  readonly attested_at: string;
  readonly attested: boolean;
  readonly spiffe_ids: readonly string[];
}

export interface CheckDaemonResponse {
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
  readonly remedy: string;
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

export interface WhoRequest {
  readonly needle: string;
}

export interface WhoResponse {
  readonly lines: readonly string[];
  readonly cut: boolean;
}

export interface WireEntry extends WireEntryDraft {
  readonly created_at: string;
  readonly source: string;
  readonly file: string;
  readonly line: number;
  readonly warnings: readonly string[];
}

export interface WireEntryDraft {
  readonly id: string;
  readonly spiffe_id: string;
  readonly selectors: readonly string[];
  readonly x509_svid_ttl_seconds: number;
  readonly jwt_svid_ttl_seconds: number;
  readonly wit_svid_ttl_seconds: number;
  readonly dns_names: readonly string[];
  readonly hint: string;
  readonly federates_with: readonly string[];
  readonly expires_at: string;
  readonly descendants: string;
}

export interface ListEntriesRequest {
  readonly page_size: number;
  readonly page_token: string;
  readonly spiffe_id: string;
  readonly selector: string;
}

export interface ListEntriesResponse {
  readonly entries: readonly WireEntry[];
  readonly next_page_token: string;
  readonly total: number;
}

export interface AddEntryRequest {
  readonly entry: WireEntryDraft | null;
}

export interface UpdateEntryRequest {
  readonly id: string;
  readonly entry: WireEntryDraft | null;
  readonly fields: readonly string[];
}

/** GetEntry, DeleteEntry, TaintAuthority and RevokeAuthority name their object like this. */
export interface ById {
  readonly id: string;
}

/** GetLaunchDefinition and DeleteLaunchDefinition name their object like this. */
export interface ByName {
  readonly name: string;
}

export interface ImportEntriesRequest {
  readonly spire_json: string;
}

export interface ImportEntriesResponse {
  readonly added: readonly string[];
  readonly unchanged: readonly string[];
  readonly skipped: readonly SkippedEntry[];
}

export interface SkippedEntry {
  readonly id: string;
  readonly reason: string;
}

export interface WireAuthorities {
  readonly authorities: readonly WireAuthorityState[];
}

export interface WireAuthorityState {
  readonly profile: string;
  readonly id: string;
  readonly state: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly next_change: string;
}

export interface RotateAuthorityRequest {
  readonly profile: string;
}

export interface ListBundlesResponse {
  readonly bundles: readonly BundleSummary[];
}

export interface BundleSummary {
  readonly trust_domain: string;
  readonly source: string;
  readonly sequence: string;
  readonly refresh_hint_seconds: number;
  readonly x509_authorities: number;
  readonly jwt_authorities: number;
  readonly wit_authorities: number;
}

export interface GetBundleRequest {
  readonly trust_domain: string;
  readonly format: string;
}

export interface BundleDocument {
  readonly trust_domain: string;
  readonly format: string;
  readonly document: string;
}

export interface DeleteBundleRequest {
  readonly trust_domain: string;
}

/** The service spoor.v1.Admin. All of it is unary. */
export interface AdminService {
  GetStatus(request: Nothing): Status;
  CheckDaemon(request: Nothing): CheckDaemonResponse;
  Who(request: WhoRequest): WhoResponse;
  ListEntries(request: ListEntriesRequest): ListEntriesResponse;
  GetEntry(request: ById): WireEntry;
  AddEntry(request: AddEntryRequest): WireEntry;
  UpdateEntry(request: UpdateEntryRequest): WireEntry;
  DeleteEntry(request: ById): Nothing;
  ImportEntries(request: ImportEntriesRequest): ImportEntriesResponse;
  GetAuthorities(request: Nothing): WireAuthorities;
  RotateAuthority(request: RotateAuthorityRequest): WireAuthorities;
  TaintAuthority(request: ById): WireAuthorities;
  RevokeAuthority(request: ById): WireAuthorities;
  ListBundles(request: Nothing): ListBundlesResponse;
  GetBundle(request: GetBundleRequest): BundleDocument;
  SetBundle(request: BundleDocument): Nothing;
  DeleteBundle(request: DeleteBundleRequest): Nothing;
  ListLaunchDefinitions(request: Nothing): ListLaunchDefinitionsResponse;
  GetLaunchDefinition(request: ByName): WireLaunchDefinition;
  AddLaunchDefinition(request: AddLaunchDefinitionRequest): WireLaunchDefinition;
  DeleteLaunchDefinition(request: ByName): Nothing;
}

/** What a failed call carries in its trailers: its number, the error's code, and in our own services the remedy. */
export const TRAILERS = { call: 'spoor-call', code: 'spoor-code', remedy: 'spoor-remedy' } as const;

/** spoor.v1.Admin as a client sees it. Reads the proto: call it once and keep what it gives. */
export function adminMethods(): Methods<AdminService> {
  return methodsOf<AdminService>('spoor/v1/admin.proto', 'spoor.v1.Admin');
}

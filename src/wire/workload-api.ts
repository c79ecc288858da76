import { methodsOf, type Methods } from './definitions.js';

/** The messages of proto/workloadapi.proto, with the standard's field names. They never leave wire, api and client. */
export type X509SVIDRequest = Readonly<Record<string, never>>;
export type X509BundlesRequest = Readonly<Record<string, never>>;
export type JWTBundlesRequest = Readonly<Record<string, never>>;
export type WITBundlesRequest = Readonly<Record<string, never>>;

export interface X509SVIDResponse {
  readonly svids: readonly X509SVID[];
  readonly crl: readonly Uint8Array[];
  readonly federated_bundles: Readonly<Record<string, Uint8Array>>;
}

export interface X509SVID {
  readonly spiffe_id: string;
  /** Concatenated DER, leaf first. */
  readonly x509_svid: Uint8Array;
  /** PKCS#8, DER. */
  readonly x509_svid_key: Uint8Array;
  /** Concatenated DER. */
  readonly bundle: Uint8Array;
  readonly hint: string;
}

export interface X509BundlesResponse {
  readonly crl: readonly Uint8Array[];
  /** By SPIFFE ID of the trust domain; concatenated DER. */
  readonly bundles: Readonly<Record<string, Uint8Array>>;
}

export interface JWTSVIDRequest {
  readonly audience: readonly string[];
  readonly spiffe_id: string;
}

export interface JWTSVIDResponse {
  readonly svids: readonly JWTSVID[];
}

export interface JWTSVID {
  readonly spiffe_id: string;
  readonly svid: string;
  readonly hint: string;
}

export interface JWTBundlesResponse {
  /** By SPIFFE ID of the trust domain; a JWK Set as UTF-8 JSON. */
  readonly bundles: Readonly<Record<string, Uint8Array>>;
}

export interface ValidateJWTSVIDRequest {
  readonly audience: string;
  readonly svid: string;
}

export interface ValidateJWTSVIDResponse {
  readonly spiffe_id: string;
  /** Null when the field is absent, which a standard-abiding server never does. */
  readonly claims: Struct | null;
}

export interface WITSVIDRequest {
  readonly spiffe_id: string;
}

export interface WITSVIDResponse {
  readonly svids: readonly WITSVID[];
}

export interface WITSVID {
  readonly spiffe_id: string;
  readonly wit_svid: string;
  /** The private key as a JWK. */
  readonly wit_svid_key: string;
  readonly hint: string;
}

export interface WITBundlesResponse {
  /** By SPIFFE ID of the trust domain; a JWK Set as JSON. */
  readonly bundles: Readonly<Record<string, string>>;
}

/** google.protobuf.Struct. Its fields are in camel case whatever the loader's options say. `struct.ts` converts. */
export interface Struct {
  readonly fields: Readonly<Record<string, StructValue>>;
}

/** google.protobuf.Value: exactly one of the fields is set. */
export interface StructValue {
  readonly kind?: string;
  readonly nullValue?: 'NULL_VALUE' | 0;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values: readonly StructValue[] };
}

/** The seven RPCs. A `stream` of responses has the type of one. */
export interface WorkloadApi {
  FetchX509SVID(request: X509SVIDRequest): X509SVIDResponse;
  FetchX509Bundles(request: X509BundlesRequest): X509BundlesResponse;
  FetchJWTSVID(request: JWTSVIDRequest): JWTSVIDResponse;
  FetchJWTBundles(request: JWTBundlesRequest): JWTBundlesResponse;
  ValidateJWTSVID(request: ValidateJWTSVIDRequest): ValidateJWTSVIDResponse;
  FetchWITSVID(request: WITSVIDRequest): WITSVIDResponse;
  FetchWITBundles(request: WITBundlesRequest): WITBundlesResponse;
}

/** The metadata that every call carries, on every server (Workload Endpoint 3). */
export const SECURITY_HEADER = { name: 'workload.spiffe.io', value: 'true' } as const;

/** The Workload API as a client sees it. Reads the proto: call it once and keep what it gives. */
export function workloadApiMethods(): Methods<WorkloadApi> {
  return methodsOf<WorkloadApi>('workloadapi.proto', 'SpiffeWorkloadAPI');
}

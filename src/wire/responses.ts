import { MessageWriter } from './message-writer.js';
import { writeStruct } from './struct.js';

/** One identity of an X509SVIDResponse. */
export interface X509SvidContent {
  readonly spiffeId: string;
  /** Concatenated DER, leaf first. */
  readonly chain: Uint8Array;
  /** PKCS#8, DER. */
  readonly key: Uint8Array;
  readonly hint: string;
}

/** Bundles by the SPIFFE ID of their trust domain; each the DER certificates, not yet joined. */
export type X509BundleContents = Iterable<readonly [string, readonly Uint8Array[]]>;

/** Writes an X509SVIDResponse. Every identity carries `bundle`, the certificates of its own trust domain. */
export function writeX509SvidResponse(
  svids: readonly X509SvidContent[],
  bundle: readonly Uint8Array[],
  federated: X509BundleContents,
): Buffer {
  const writer = new MessageWriter();
  for (const svid of svids) {
    const content = new MessageWriter()
      .string(1, svid.spiffeId)
      .bytes(2, svid.chain)
      .bytes(3, svid.key)
      .joined(4, bundle)
      .string(5, svid.hint);
    writer.message(1, content);
  }
  for (const [id, certificates] of federated) writer.mapEntry(3, id, certificates);
  return writer.finish();
}

/** Writes an X509BundlesResponse: note that `bundles` is field 2 here. */
export function writeX509BundlesResponse(bundles: X509BundleContents): Buffer {
  const writer = new MessageWriter();
  for (const [id, certificates] of bundles) writer.mapEntry(2, id, certificates);
  return writer.finish();
}

/** Writes a JWTSVIDResponse. */
export function writeJwtSvidResponse(
  svids: readonly { readonly spiffeId: string; readonly token: string; readonly hint: string }[],
): Buffer {
  const writer = new MessageWriter();
  for (const { spiffeId, token, hint } of svids) {
    writer.message(1, new MessageWriter().string(1, spiffeId).string(2, token).string(3, hint));
  }
  return writer.finish();
}

/** Writes a JWTBundlesResponse or a WITBundlesResponse, which are the same on the wire: JWK Sets, by trust domain. */
export function writeJwksResponse(bundles: Iterable<readonly [string, Uint8Array]>): Buffer {
  const writer = new MessageWriter();
  for (const [id, document] of bundles) writer.mapEntry(1, id, [document]);
  return writer.finish();
}

/** Writes a ValidateJWTSVIDResponse. Errors: RangeError for claims that JSON cannot hold. */
export function writeValidateJwtSvidResponse(spiffeId: string, claims: object): Buffer {
  return new MessageWriter().string(1, spiffeId).message(2, writeStruct(claims)).finish();
}

/** Writes a WITSVIDResponse; `key` is the private key as a JWK. */
export function writeWitSvidResponse(
  svids: readonly {
    readonly spiffeId: string;
    readonly token: string;
    readonly key: string;
    readonly hint: string;
  }[],
): Buffer {
  const writer = new MessageWriter();
  for (const { spiffeId, token, key, hint } of svids) {
    writer.message(
      1,
      new MessageWriter().string(1, spiffeId).string(2, token).string(3, key).string(4, hint),
    );
  }
  return writer.finish();
}

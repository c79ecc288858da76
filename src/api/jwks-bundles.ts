import type { BundlesView } from '../issuance/views.js';
import type { Bundle } from '../spiffe/bundle.js';
import { writeJwks } from '../spiffe/bundle-document.js';
import { writeJwksResponse } from '../wire/responses.js';
import { notIssued } from './follow.js';

/** Which keys of a bundle a response carries. */
export type TokenProfile = 'jwt-svid' | 'wit-svid';

/**
 * Writes JWTBundlesResponse and WITBundlesResponse: the JWK Sets of one profile, by trust domain.
 *
 * Exporting a key costs more than all the rest of a message, and bundles change rarely: each bundle is exported once.
 */
export class JwksBundles {
  readonly #profile: TokenProfile;
  readonly #documents = new WeakMap<Bundle, Buffer>();

  constructor(profile: TokenProfile) {
    this.#profile = profile;
  }

  /** Errors: IDENTITY_NOT_ISSUED when the caller may not see bundles. */
  write({ entitled, own, federated }: BundlesView): Buffer {
    if (!entitled) throw notIssued();
    const bundles = [own, ...federated].map(
      (bundle) => [bundle.trustDomain.id.toString(), this.#documentOf(bundle)] as const,
    );
    return writeJwksResponse(bundles);
  }

  #documentOf(bundle: Bundle): Buffer {
    let document = this.#documents.get(bundle);
    if (document === undefined) {
      document = Buffer.from(this.#export(bundle));
      this.#documents.set(bundle, document);
    }
    return document;
  }

  #export(bundle: Bundle): string {
    // The SPIRE agent leaves `use` out of JWT bundles, and generic JWT libraries refuse every `use` but `sig`. Without it
    // nothing but the profile tells the keys apart: so only the profile's own are written.
    return this.#profile === 'jwt-svid'
      ? writeJwks(bundle.jwtAuthorities)
      : writeJwks(bundle.witAuthorities, 'wit-svid');
  }
}

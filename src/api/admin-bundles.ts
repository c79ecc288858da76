import { SpoorError } from '../core/errors.js';
import { writePem } from '../encoding/pem.js';
import type { BundleFormat, BundleListing } from '../issuance/bundle-store.js';
import { publishedBundle } from '../issuance/world.js';
import { writeBundleDocument } from '../spiffe/bundle-document.js';
import type { Bundle } from '../spiffe/bundle.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import type { AdminService, BundleSummary } from '../wire/admin.js';
import type { AdminRooms } from './admin-rooms.js';
import type { Answers } from './service.js';

type Rooms = Pick<AdminRooms, 'bundles' | 'authorities' | 'trustDomain'>;
type BundleRpcs = Pick<AdminService, 'ListBundles' | 'GetBundle' | 'SetBundle' | 'DeleteBundle'>;

/** The part of spoor.v1.Admin about bundles: the own one is shown as it is published, the others can be changed. */
export function bundleAnswers(rooms: Rooms): Answers<BundleRpcs> {
  const { bundles } = rooms;
  return {
    ListBundles: () => ({ bundles: [summaryOf(ownBundle(rooms)), ...bundles.list().map(toWire)] }),
    GetBundle: ({ trust_domain, format }) => {
      const bundle = bundleOf(trust_domain, rooms);
      const written = readFormat(format);
      const document = written === 'pem' ? pemOf(bundle) : writeBundleDocument(bundle);
      return { trust_domain: bundle.trustDomain.name, format: written, document };
    },
    SetBundle: async ({ trust_domain, format, document }) => {
      await bundles.set(TrustDomain.parse(trust_domain), document, readFormat(format));
      return {};
    },
    DeleteBundle: async ({ trust_domain }) => {
      await bundles.delete(TrustDomain.parse(trust_domain));
      return {};
    },
  };
}

function ownBundle({ authorities, bundles }: Rooms): Bundle {
  return publishedBundle(authorities.set.current.value.bundle, bundles.foreign.current.value.own);
}

/** Errors: BUNDLE_NOT_FOUND, TRUST_DOMAIN_INVALID. */
function bundleOf(name: string, rooms: Rooms): Bundle {
  const trustDomain = name === '' ? rooms.trustDomain : TrustDomain.parse(name);
  if (trustDomain.equals(rooms.trustDomain)) return ownBundle(rooms);
  const bundle = rooms.bundles.foreign.current.value.bundles.get(trustDomain);
  if (bundle !== undefined) return bundle;
  throw new SpoorError('BUNDLE_NOT_FOUND', `there is no bundle of ${trustDomain.name}`);
}

function pemOf({ x509Authorities }: Bundle): string {
  return x509Authorities.map((der) => writePem('CERTIFICATE', der)).join('');
}

/** Errors: ARGUMENT_INVALID. */
function readFormat(text: string): BundleFormat {
  if (text === '' || text === 'spiffe') return 'spiffe';
  if (text === 'pem') return 'pem';
  throw new SpoorError('ARGUMENT_INVALID', `format is ${text.slice(0, 20)}, and not spiffe or pem`);
}

function summaryOf(bundle: Bundle): BundleSummary {
  const { trustDomain, sequenceNumber, refreshHintSeconds, x509Authorities, jwtAuthorities, witAuthorities } =
    bundle;
  return {
    trust_domain: trustDomain.name,
    source: 'own',
    sequence: sequenceNumber?.toString() ?? '',
    refresh_hint_seconds: refreshHintSeconds ?? 0,
    x509_authorities: x509Authorities.length,
    jwt_authorities: jwtAuthorities.size,
    wit_authorities: witAuthorities.size,
  };
}

function toWire({ trustDomain, source, sequence, refreshHintSeconds, keys }: BundleListing): BundleSummary {
  return {
    trust_domain: trustDomain.name,
    source,
    sequence: sequence?.toString() ?? '',
    refresh_hint_seconds: refreshHintSeconds ?? 0,
    x509_authorities: keys.x509,
    jwt_authorities: keys.jwt,
    wit_authorities: keys.wit,
  };
}

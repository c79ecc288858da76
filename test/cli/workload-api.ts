import { writeJwks } from '../../src/spiffe/bundle-document.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi, x509Message } from '../fakes/test-workload-api.js';
import { CommandLine } from './command-line.js';

const ORG = 'spiffe://example.org';

/** A command line, and a Workload API that it finds, which gives it two identities and bundles of two trust domains. */
export interface Served extends AsyncDisposable {
  readonly api: TestWorkloadApi;
  readonly line: CommandLine;
  readonly authority: TestAuthority;
  readonly partner: TestAuthority;
}

export async function served(): Promise<Served> {
  const [api, line] = [await TestWorkloadApi.open(), await CommandLine.open()];
  const [authority, partner] = [await TestAuthority.open(), await TestAuthority.open('partner.example')];
  line.env['SPIFFE_ENDPOINT_SOCKET'] = api.endpoint;
  await answerX509(api, authority, partner);
  answerTokens(api, authority);
  const close = async (): Promise<void> => {
    await line[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  };
  return { api, line, authority, partner, [Symbol.asyncDispose]: close };
}

async function answerX509(
  api: TestWorkloadApi,
  authority: TestAuthority,
  partner: TestAuthority,
): Promise<void> {
  const svids = [await authority.x509('/web', {}, 'main'), await authority.x509('/batch')];
  api.answers.FetchX509SVID.set(x509Message(authority, svids, [partner]));
  const bundles = { [ORG]: authority.root.der, 'spiffe://partner.example': partner.root.der };
  api.answers.FetchX509Bundles.set({ message: { crl: [], bundles } });
}

function answerTokens(api: TestWorkloadApi, authority: TestAuthority): void {
  const { jwtAuthorities, witAuthorities } = authority.bundle;
  const spiffe_id = `${ORG}/web`;
  api.answers.FetchJWTSVID.set({ message: { svids: [{ spiffe_id, svid: authority.jwt(), hint: 'main' }] } });
  api.answers.FetchJWTBundles.set({
    message: { bundles: { [ORG]: Buffer.from(writeJwks(jwtAuthorities)) } },
  });
  api.answers.FetchWITBundles.set({ message: { bundles: { [ORG]: writeJwks(witAuthorities, 'wit-svid') } } });
  const { token, key } = authority.wit();
  const wit_svid_key = JSON.stringify(key.export({ format: 'jwk' }));
  api.answers.FetchWITSVID.set({
    message: { svids: [{ spiffe_id, wit_svid: token, wit_svid_key, hint: '' }] },
  });
  const claims = { fields: { sub: { stringValue: spiffe_id }, exp: { numberValue: 1_900_000_000 } } };
  api.answers.ValidateJWTSVID.set({ message: { spiffe_id, claims } });
}

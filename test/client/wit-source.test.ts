import { status } from '@grpc/grpc-js';
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { WitSource } from '../../src/client/wit-source.js';
import { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi } from '../fakes/test-workload-api.js';

const WEB = 'spiffe://example.org/web';

function give(api: TestWorkloadApi, authority: TestAuthority, jti: string, otherKey?: object): void {
  const { token, key } = authority.wit({ claims: { jti } });
  const wit_svid_key = JSON.stringify(otherKey ?? key.export({ format: 'jwk' }));
  api.answers.FetchWITSVID.set({
    message: { svids: [{ spiffe_id: WEB, wit_svid: token, wit_svid_key, hint: '' }] },
  });
}

describe('WitSource', () => {
  it('holds the newest WIT-SVID with its key, and shows neither', async () => {
    const authority = await TestAuthority.open();
    await using api = await TestWorkloadApi.open();
    give(api, authority, 'first');
    await using source = await WitSource.open({ endpoint: api.endpoint, spiffeId: SpiffeId.parse(WEB) });
    expect(source.current.svid.claims['jti']).toBe('first');
    expect(source.current.privateKey.type).toBe('private');
    expect(api.callsOf('FetchWITSVID')[0]?.request).toEqual({ spiffe_id: WEB });
    const shown = `${inspect(source.current, { depth: 9 })} ${JSON.stringify(source.current)}`;
    expect(shown).toContain(WEB);
    expect(shown).not.toContain(source.current.svid.token);
    give(api, authority, 'second');
    await expect.poll(() => source.current.svid.claims['jti']).toBe('second');
    api.answers.FetchWITSVID.set({ status: status.PERMISSION_DENIED });
    await expect.poll(() => attempt(() => source.current)).toMatchObject({ code: 'IDENTITY_NOT_ISSUED' });
  });

  it('discards a WIT-SVID whose key is another one’s', async () => {
    const authority = await TestAuthority.open();
    const log = new MemoryLog();
    await using api = await TestWorkloadApi.open();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    give(api, authority, 'forged', other);
    const opening = WitSource.open({ endpoint: api.endpoint, log });
    await expect.poll(() => log.lines).toEqual(['error a message of the Workload API was discarded']);
    give(api, authority, 'good');
    await using source = await opening;
    expect(source.current.svid.claims['jti']).toBe('good');
  });

  it('says at once where the profile is not offered', async () => {
    await using api = await TestWorkloadApi.open();
    await expect(WitSource.open({ endpoint: api.endpoint })).rejects.toMatchObject({ code: 'NOT_OFFERED' });
    expect(api.calls).toHaveLength(1);
  });
});

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

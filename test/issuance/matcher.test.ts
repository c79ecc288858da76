import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { anEntry, IssuanceRoom } from '../fakes/issuance-room.js';

const CALL = { call: 1 };

const AGENT = anEntry('agent', {
  selectors: ['launch:name:researcher'],
  descendants: 'derive',
  dnsNames: ['agent.internal'],
  hint: 'main',
});

describe('the matches of a descendant', () => {
  it('are not those that its selectors alone would give, nor those of a descendant of another process', async () => {
    await using room = await IssuanceRoom.open([anEntry('uid'), AGENT]);
    const free = await room.views.x509(room.instance(), CALL);
    expect(free.value.svids.map(({ spiffeId }) => spiffeId)).toEqual(['spiffe://example.org/uid']);
    const child = await room.views.x509(room.descendant('launch:name:researcher'), CALL);
    expect(child.value.svids.map(({ spiffeId }) => spiffeId)).toEqual([
      'spiffe://example.org/agent/child/node',
    ]);
    const other = await room.views.x509(room.descendant('launch:name:writer'), CALL);
    expect(other.value.svids).toEqual([]);
  });

  it('give it documents of its own, recorded with their parent, and none of the DNS names', async () => {
    await using room = await IssuanceRoom.open([AGENT]);
    const agent = await room.views.x509(room.instance('launch:name:researcher'), CALL);
    const instance = room.descendant('launch:name:researcher');
    const child = await room.views.x509(instance, CALL);
    const names = [agent, child].map(
      ({ value }) => new X509Certificate(value.svids[0]?.chain ?? Buffer.of()).subjectAltName,
    );
    expect(names).toEqual([
      'URI:spiffe://example.org/agent, DNS:agent.internal',
      'URI:spiffe://example.org/agent/child/node',
    ]);
    expect(child.value.svids[0]).toMatchObject({ hint: 'main', entryId: 'agent' });
    const [jwt] = await room.views.jwt(instance, CALL, ['api']);
    expect(jwt).toMatchObject({ spiffeId: 'spiffe://example.org/agent/child/node' });
    const issued = room.outer.recorder.issued.map(({ entry, spiffe_id, parent }) => [
      entry,
      spiffe_id,
      parent,
    ]);
    expect(issued).toEqual([
      ['agent', 'spiffe://example.org/agent', undefined],
      ['agent', 'spiffe://example.org/agent/child/node', 'f00d'],
      ['agent', 'spiffe://example.org/agent/child/node', 'f00d'],
    ]);
  });

  it('end with the entry, and with what it gives to descendants', async () => {
    await using room = await IssuanceRoom.open([AGENT]);
    const instance = room.descendant('launch:name:researcher');
    expect((await room.views.x509(instance, CALL)).value.svids).toHaveLength(1);
    const { descendants: _taken, ...denying } = AGENT;
    room.setEntries(denying);
    expect((await room.views.x509(instance, CALL)).value.svids).toEqual([]);
  });
});

describe('the matches of an instance', () => {
  it('are not those of another one whose selectors stand in the name of its program', async () => {
    const entry = anEntry('backup', { selectors: ['unix:supplementary_gid:27', 'unix:uid:1000'] });
    await using room = await IssuanceRoom.open([entry]);
    const member = room.instance('unix:path:/opt/tool', 'unix:supplementary_gid:27', 'unix:uid:1000');
    const pretender = room.instance('unix:path:/opt/tool\nunix:supplementary_gid:27', 'unix:uid:1000');

    const granted = await room.views.x509(member, CALL);
    expect(granted.value.svids.map(({ spiffeId }) => spiffeId)).toEqual(['spiffe://example.org/backup']);
    const refused = await room.views.x509(pretender, CALL);
    expect(refused.value.svids).toEqual([]);
  });
});

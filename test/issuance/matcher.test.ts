import { describe, expect, it } from 'vitest';
import { anEntry, IssuanceRoom } from '../fakes/issuance-room.js';

const CALL = { call: 1 };

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

import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { commandLineFor } from './command-line.js';

describe('spoor authority', () => {
  it('shows each authority with its state and what comes next', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    expect((await line.run(['authority', 'show'])).out).toBe(
      [
        'PROFILE  STATE   EXPIRES  NEXT CHANGE  ID',
        'x509     active  in 24 h  in 6 h       aa11',
        'jwt      active  in 24 h  in 6 h       bb22',
        '',
      ].join('\n'),
    );
  });

  it('shows the profiles in one order, whatever was turned last', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    const { out } = await line.run(['authority', 'rotate', 'x509']);
    expect([...out.matchAll(/^(x509|jwt|wit) +(\w+)/gmu)].map(([, ...cells]) => cells.join(' '))).toEqual([
      'x509 active',
      'x509 old',
      'jwt active',
    ]);
  });

  it('rotates one profile, or all', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    await line.run(['authority', 'rotate', 'jwt']);
    expect(admin.authorities.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'aa11 active',
      'bb22-next active',
      'bb22 old',
    ]);
    await line.run(['authority', 'rotate']);
    expect(admin.authorities.map(({ id }) => id)).toContain('aa11-next');
  });

  it('taints and revokes by id, and prints JSON of a fixed shape', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    await line.run(['authority', 'taint', 'aa11']);
    expect(admin.authorities[0]?.state).toBe('tainted');
    expect(await line.json('authority', 'revoke', 'aa11')).toEqual({
      authorities: [
        {
          profile: 'x509',
          id: 'aa11',
          state: 'revoked',
          not_before: '2029-12-31T00:00:00.000Z',
          not_after: '2030-01-02T00:00:00.000Z',
          next_change: '2030-01-01T06:00:00.000Z',
        },
        expect.objectContaining({ id: 'bb22', state: 'active' }),
      ],
    });
  });

  it('says which authority is unknown', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    const { exit, err } = await line.run(['authority', 'taint', 'zz']);
    expect([exit, err]).toEqual([2, expect.stringContaining('no authority is called zz')]);
  });
});

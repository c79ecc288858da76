import { describe, expect, it } from 'vitest';
import { mayLaunch, type Launcher } from '../../../src/launch/gate/may-launch.js';

const ALICE: Launcher = { uid: 1000, userName: 'alice', gids: [1000, 27], groupNames: ['alice', 'agents'] };
const DAEMON = 990;

function may(users: string[], groups: string[], who: Partial<Launcher> = {}): boolean {
  return mayLaunch({ users, groups }, { ...ALICE, ...who }, DAEMON);
}

describe('mayLaunch', () => {
  it.each([
    ['nobody is named', [], [], false],
    ['her name is', ['bob', 'alice'], [], true],
    ['another name is', ['bob'], [], false],
    ['her number is', ['1000'], [], true],
    ['a number that begins as hers is', ['10', '100', '10000'], [], false],
    ['a supplementary group of hers is', [], ['agents'], true],
    ['the number of her group is', [], ['27'], true],
    ['another group is', [], ['staff', '28'], false],
    ['a group is named as she is', ['agents'], [], false],
    ['a user is named as her group is', [], ['bob'], false],
  ])('says of alice, where %s', (_, users, groups, answer) => {
    expect(may(users, groups)).toBe(answer);
  });

  it("lets root and the daemon's own user launch everything", () => {
    expect(may([], [], { uid: 0, userName: 'root' })).toBe(true);
    expect(may([], [], { uid: DAEMON, userName: undefined })).toBe(true);
  });

  it('takes digits for a number, though a user be called so', () => {
    expect(may(['1001'], [], { uid: 5, userName: '1001' })).toBe(false);
    expect(may([], ['1001'], { gids: [5], groupNames: ['1001'] })).toBe(false);
  });

  it('knows somebody without a name by number only', () => {
    expect(may(['undefined', ''], [], { userName: undefined })).toBe(false);
    expect(may(['1000'], [], { userName: undefined })).toBe(true);
  });
});

import type { LaunchDefinition } from '../../src/launch/definitions/definition.js';

/** A definition set by command that alice may launch, but for what `wish` says. */
export function aDefinition(wish: Partial<LaunchDefinition> = {}): LaunchDefinition {
  return {
    name: 'researcher',
    command: ['/usr/bin/node', '/opt/agents/researcher.mjs'],
    args: [],
    callerArgs: 'none',
    cwd: undefined,
    env: { pass: [], set: {}, dangerous: [] },
    secrets: [],
    mayLaunch: { users: ['alice'], groups: [], spiffeIds: [] },
    runAs: undefined,
    limits: {},
    restart: 'never',
    createdAt: new Date('2030-01-01T00:00:00Z'),
    source: { kind: 'store' },
    ...wish,
  };
}

import { describe, expect, it } from 'vitest';
import { launchEnvironment } from '../../../src/launch/definitions/launch-environment.js';

const FIXED = {
  HOME: '/home/alice',
  USER: 'alice',
  LOGNAME: 'alice',
  SHELL: '/bin/sh',
  PATH: '/usr/bin:/bin',
  SPIFFE_ENDPOINT_SOCKET: 'unix:///run/spoor/agent.sock',
  SPOOR_INSTANCE: 'f00d',
};

function environment(
  env: { pass?: string[]; set?: Record<string, string>; dangerous?: string[] },
  fromCaller: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return launchEnvironment({ env: { pass: [], set: {}, dangerous: [], ...env } }, FIXED, fromCaller);
}

describe('launchEnvironment', () => {
  it('is what the daemon sets, what the definition passes and what it sets, and nothing else', () => {
    const env = { pass: ['LANG', 'TERM', 'COLORTERM'], set: { MODE: 'prod', EMPTY: '' } };
    const fromCaller = { LANG: 'C', TERM: '', SECRET: 'x', MODE: 'test' };
    expect(environment(env, fromCaller)).toEqual({ ...FIXED, LANG: 'C', TERM: '', MODE: 'prod', EMPTY: '' });
  });

  it('lets the definition choose home, shell and path, and nobody the rest of what the daemon sets', () => {
    const set = { HOME: '/srv', SHELL: '/bin/bash', PATH: '/opt/bin' };
    const evil = { USER: 'root', LOGNAME: 'root', SPOOR_INSTANCE: 'x', SPIFFE_ENDPOINT_SOCKET: 'x' };
    expect(environment({ set: { ...set, ...evil, CREDENTIALS_DIRECTORY: '/tmp' } })).toEqual({
      ...FIXED,
      ...set,
    });
    const all = { ...FIXED, CREDENTIALS_DIRECTORY: '/tmp' };
    const taken = Object.fromEntries(Object.keys(all).map((name) => [name, 'taken']));
    expect(environment({ pass: Object.keys(all) }, taken)).toEqual(FIXED);
  });

  it.each(['LD_PRELOAD', 'NODE_OPTIONS', 'PYTHONPATH', 'BASH_ENV', 'npm_config_prefix', 'BASH_FUNC_ls%%'])(
    'drops %s unless it is listed as dangerous, passed or set',
    (name) => {
      expect(environment({ pass: [name] }, { [name]: 'x' })).toEqual(FIXED);
      expect(environment({ set: { [name]: 'x' } })).toEqual(FIXED);
      const listed = { ...FIXED, [name]: 'x' };
      expect(environment({ pass: [name], dangerous: [name] }, { [name]: 'x' })).toEqual(listed);
      expect(environment({ set: { [name]: 'x' }, dangerous: [name] })).toEqual(listed);
    },
  );

  it('takes nothing from what every object has', () => {
    expect(environment({ pass: ['constructor', 'toString', '__proto__'] })).toEqual(FIXED);
  });
});

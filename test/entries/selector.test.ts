import { describe, expect, it } from 'vitest';
import { SELECTOR_NAMES, impliesLaunched, parseSelector, splitSelector } from '../../src/entries/selector.js';
import { outcome } from '../fakes/outcome.js';

describe('parseSelector', () => {
  it.each([
    'unix:uid:0',
    'unix:gid:4294967294',
    'unix:user:www-data',
    'unix:supplementary_gid:100',
    'unix:supplementary_group:docker',
    'unix:path:/opt/a b/c:d',
    `unix:sha256:${'0123456789abcdef'.repeat(4)}`,
    'process:ancestor_path:/usr/sbin/sshd',
    `process:ancestor_sha256:${'a'.repeat(64)}`,
    'process:cgroup:/system.slice/web.service',
    'process:cgroup_writable:false',
    'script:path:/opt/agents/researcher.mjs',
    `script:sha256:${'0123456789abcdef'.repeat(4)}`,
    'script:interpreter:/usr/bin/node',
    'script:package:@example/researcher@1.2.0',
    `script:lock_sha256:${'a'.repeat(64)}`,
    'launch:name:researcher',
    'launch:uid:1000',
  ])('takes %s', (text) => {
    expect(parseSelector(text)).toBe(text);
  });

  it.each([
    '',
    'unix',
    'unix:uid',
    'unix:uid:',
    'unix:uid:01',
    'unix:uid:-1',
    'unix:uid:4294967295',
    'unix:uid:root',
    'unix:udi:1000',
    'Unix:uid:1000',
    'unix:path:usr/bin/node',
    'unix:path:/',
    `unix:sha256:${'A'.repeat(64)}`,
    `unix:sha256:${'a'.repeat(63)}`,
    'unix:user:',
    'process:cgroup_writable:no',
    'script:path:researcher.mjs',
    `script:sha256:${'A'.repeat(64)}`,
    'script:interpreter:node',
    'script:package:',
    'script:lock_sha256:1',
    'launch:name:',
    'launch:uid:alice',
    'launch:path:/x',
    'k8s:ns:default',
    ' unix:uid:1000',
    `unix:path:/${'a'.repeat(4_352)}`,
  ])('refuses %s', (text) => {
    expect(outcome(() => parseSelector(text))).toBe('SELECTOR_INVALID');
  });

  it('says which names there are', () => {
    expect(() => parseSelector('unix:udi:1000')).toThrow(
      `not a selector: allowed is attestor:name:value with one of ${SELECTOR_NAMES.join(', ')}`,
    );
  });
});

describe('impliesLaunched', () => {
  it('holds for what the daemon gives to nobody but those that it launched', () => {
    expect(SELECTOR_NAMES.filter(impliesLaunched)).toEqual([
      'script:path',
      'script:sha256',
      'script:interpreter',
      'script:package',
      'script:lock_sha256',
      'launch:name',
      'launch:uid',
    ]);
    expect(impliesLaunched('unix:user:launch:name:x')).toBe(false);
  });
});

describe('splitSelector', () => {
  it('leaves the colons of a value alone', () => {
    expect(splitSelector('unix:path:/a:b')).toEqual({ name: 'unix:path', value: '/a:b' });
    expect(splitSelector('unix:uid')).toEqual({ name: 'unix:uid', value: '' });
  });
});

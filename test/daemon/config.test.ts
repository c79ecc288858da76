import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, type Flags } from '../../src/daemon/config.js';
import type { PathFacts } from '../../src/core/paths.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const NOBODY: PathFacts = { uid: 65_534, home: '/nonexistent', temporary: '/tmp', env: {} };

describe('loadConfig', () => {
  it('is content with a trust domain alone', () => {
    const config = loadConfig({ trustDomain: 'example.org' }, NOBODY);
    expect(config).toMatchObject({
      mode: 'user',
      file: undefined,
      socket: '/tmp/spoor-65534/agent.sock',
      adminSocket: '/tmp/spoor-65534/admin.sock',
      state: '/nonexistent/.local/state/spoor',
      entries: '/nonexistent/.config/spoor/entries.d',
      lifetimes: { x509_svid: 900, jwt_svid: 300, wit_svid: 900, authority: 86_400 },
      jwt: { algorithm: 'ES256' },
      wit: true,
      log: { level: 'info', format: 'auto' },
    });
    expect(config.trustDomain.name).toBe('example.org');
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('uses the system folders as root, and the runtime folder that XDG names as an ordinary user', () => {
    expect(loadConfig({ trustDomain: 'a.test' }, { ...NOBODY, uid: 0 })).toMatchObject({
      mode: 'root',
      socket: '/run/spoor/agent.sock',
      state: '/var/lib/spoor',
      entries: '/etc/spoor/entries.d',
    });
    const xdg = { ...NOBODY, env: { XDG_RUNTIME_DIR: '/run/user/7' } };
    expect(loadConfig({ trustDomain: 'a.test' }, xdg).socket).toBe('/run/user/7/spoor/agent.sock');
  });

  it('reads a full settings file, and flags override it', async () => {
    const config = await fromFile(FULL, { socket: '/tmp/other.sock', http: '[::1]:9', logLevel: 'debug' });
    expect(config).toMatchObject({
      mode: 'user',
      state: '/srv/state',
      socket: '/tmp/other.sock',
      adminSocket: '/srv/admin.sock',
      http: { listen: { host: '::1', port: 9 } },
      lifetimes: { x509_svid: 3_600, jwt_svid: 60, wit_svid: 900, authority: 172_800 },
      upstream: { certificate: '/pki/ca.pem', key: '/pki/ca.key', bundle: '/pki/roots.pem' },
      jwt: { issuer: 'https://issuer.example.org', algorithm: 'RS256' },
      wit: false,
      limits: { descriptors: 500, streams_per_connection: 10 },
      log: { level: 'debug', format: 'json' },
    });
  });

  it('looks for entries and bundles beside the settings file', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'spoor.yaml');
    await writeFile(file, 'trust_domain: example.org\n');
    expect(loadConfig({ config: file }, NOBODY)).toMatchObject({
      entries: join(folder.path, 'entries.d'),
      bundles: join(folder.path, 'bundles.d'),
    });
  });

  it('finds the default file of the mode', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'spoor'));
    await writeFile(join(folder.path, 'spoor', 'spoor.yaml'), 'trust_domain: found.test\n');
    const facts = { ...NOBODY, env: { XDG_CONFIG_HOME: folder.path } };
    expect(loadConfig({}, facts).trustDomain.name).toBe('found.test');
  });

  it('reports every problem at once, with file, line, value and what is allowed', async () => {
    const text = [
      'trust_domain: EXAMPLE.org',
      'lifetimes:',
      '  jwt_svid: 5',
      '  x509_svid: 40d',
      'colour: blue',
      'http: {listen: localhost:80}',
      'limits: {descriptors: -1}',
    ].join('\n');
    const error = await fromFile(text, { mode: 'admin' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    const { message } = error as Error;
    expect(message).toContain('spoor.yaml:1 trust_domain: found EXAMPLE.org;');
    expect(message).toContain('spoor.yaml:3 lifetimes.jwt_svid: found 5; must be a duration such as 90s');
    expect(message).toContain('spoor.yaml:4 lifetimes.x509_svid: found 40d; must be from 60 s to 86400 s');
    expect(message).toMatch(
      /spoor.yaml:5 colour: found an unknown setting; known here: trust_domain, mode, /,
    );
    expect(message).toContain('spoor.yaml:6 http.listen: found localhost:80; must be IP:PORT');
    expect(message).toContain('spoor.yaml:7 limits.descriptors: found -1; must be a whole number from 64');
    expect(message).toMatch(/--mode: found admin; must be one of root, user/);
  });

  it.each([
    ['a list at the top', '- a\n', /spoor.yaml:1 /],
    ['malformed YAML', 'a: [1\n', /spoor.yaml:\d: found malformed YAML/],
    ['a duplicate key', 'trust_domain: a.test\ntrust_domain: b.test\n', /spoor.yaml:2: found malformed YAML/],
    ['an alias', 'trust_domain: &a x.test\nstate: *a\n', /the alias \*a is not allowed/],
    [
      'no trust domain',
      'mode: user\n',
      /trust_domain: found nothing; a name such as example.org, in \S+\/spoor.yaml or by/,
    ],
    [
      'a relative path',
      'trust_domain: a.test\nstate: here\n',
      /spoor.yaml:2 state: found here; must be an absolute path/,
    ],
  ])('refuses %s', async (_, text, expected) => {
    await expect(fromFile(text)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(expected),
    });
  });

  it('promises root mode to nobody but root', () => {
    const flags = { trustDomain: 'a.test', mode: 'root' };
    expect(() => loadConfig(flags, NOBODY)).toThrow(/mode: found root; user, since this is uid 65534/);
    expect(loadConfig(flags, { ...NOBODY, uid: 0 }).mode).toBe('root');
  });

  it('refuses a named file that is not there', () => {
    expect(() => loadConfig({ config: '/nonexistent/spoor.yaml' }, NOBODY)).toThrow(
      /cannot read the settings file \/nonexistent\/spoor.yaml: there is no such file/,
    );
  });
});

const FULL = `
trust_domain: example.org
mode: user
state: /srv/state
socket: /srv/agent.sock
admin_socket: /srv/admin.sock
entries: /srv/entries
bundles: /srv/bundles
http:
  listen: 127.0.0.1:9464
lifetimes: {x509_svid: 1h, jwt_svid: 60s, wit_svid: 15m, authority: 2d}
upstream: {certificate: /pki/ca.pem, key: /pki/ca.key, bundle: /pki/roots.pem}
jwt: {issuer: "https://issuer.example.org", algorithm: RS256}
wit: false
limits: {descriptors: 500, streams_per_connection: 10}
log: {level: warn, format: json}
`;

async function fromFile(text: string, flags: Flags = {}): Promise<ReturnType<typeof loadConfig>> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'spoor.yaml');
  await writeFile(file, text);
  return loadConfig({ ...flags, config: file }, NOBODY);
}

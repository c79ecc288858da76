import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkKernel } from '../../src/cli/checks/kernel.js';
import { checkLaunchFiles } from '../../src/cli/checks/launch-files.js';
import { checkRunningDaemon } from '../../src/cli/checks/running-daemon.js';
import { checkSettings } from '../../src/cli/checks/settings.js';
import { checkSockets } from '../../src/cli/checks/sockets.js';
import { checkState } from '../../src/cli/checks/state.js';
import { checkUpstream } from '../../src/cli/checks/upstream.js';
import { Cli } from '../../src/cli/cli.js';
import type { CliIo } from '../../src/cli/io.js';
import { loadConfig, type Config, type Flags } from '../../src/daemon/config.js';
import { writePem } from '../../src/encoding/pem.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { StateFolder } from '../../src/state/state-folder.js';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';
import { TestCertificate } from '../fakes/test-certificate.js';

const UID = process.geteuid?.() ?? 0;

function ioIn(folder: string, uid = UID): CliIo {
  const sink = { isTerminal: false, write: () => {} };
  return {
    out: sink,
    err: sink,
    clock: new FakeClock('2030-01-01T00:00:00Z'),
    facts: { uid, home: folder, temporary: folder, env: {} },
    readInput: async () => '',
    interrupted: () => new AbortController().signal,
  };
}

/** The settings of a daemon that keeps everything in one folder. */
function configIn(folder: string, flags: Flags = {}): Config {
  const paths = {
    state: join(folder, 'state'),
    socket: join(folder, 'agent.sock'),
    adminSocket: join(folder, 'admin.sock'),
  };
  return loadConfig({ trustDomain: 'example.org', mode: 'user', ...paths, ...flags }, ioIn(folder).facts);
}

describe('checkSettings', () => {
  it('says where the settings come from', () => {
    const { findings } = checkSettings({ trustDomain: 'example.org', mode: 'user' }, ioIn('/nowhere').facts);
    expect(findings).toEqual([
      {
        severity: 'ok',
        subject: 'settings',
        message: 'no settings file, flags and defaults only: trust domain example.org, user mode',
        remedy: '',
      },
    ]);
  });

  it('has a finding for each fault', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'spoor.yaml');
    await writeFile(file, 'trust_domain: example.org\nnonsense: 1\nlifetimes:\n  jwt_svid: soon\n');
    const { config, findings } = checkSettings({ config: file }, ioIn(folder.path).facts);
    expect(config).toBeUndefined();
    expect(findings.map(({ severity }) => severity)).toEqual(['error', 'error']);
    expect(findings.map(({ message }) => message).join('\n')).toMatch(
      /:2 nonsense[\s\S]*:4 lifetimes.jwt_svid|:4 [\s\S]*:2 /u,
    );
  });
});

describe('checkState', () => {
  it('is content with a folder that is not there but can be made, or that is our own', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path);
    expect(await checkState(config, ioIn(folder.path))).toMatchObject([{ severity: 'ok' }]);
    await (await StateFolder.open(config.state, TrustDomain.parse('example.org')))[Symbol.asyncDispose]();
    expect(await checkState(config, ioIn(folder.path))).toMatchObject([{ severity: 'ok' }]);
  });

  it('refuses a folder that others can enter, of another owner, or of another trust domain', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path);
    await (await StateFolder.open(config.state, TrustDomain.parse('other.example')))[Symbol.asyncDispose]();
    expect(await checkState(config, ioIn(folder.path))).toMatchObject([
      { severity: 'error', message: expect.stringContaining('other.example') },
    ]);
    expect(await checkState(config, ioIn(folder.path, 4_000_000))).toMatchObject([
      { severity: 'error', message: `${config.state} belongs to uid ${UID}, and this is uid 4000000` },
    ]);
    await chmod(config.state, 0o755);
    expect(await checkState(config, ioIn(folder.path))).toMatchObject([
      { severity: 'error', remedy: `Run: chmod 0700 ${config.state}` },
    ]);
  });

  it('warns of a file in it that others could read', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path);
    await mkdir(config.state, { mode: 0o700 });
    await writeFile(join(config.state, 'key'), '');
    await chmod(join(config.state, 'key'), 0o644);
    // A link has no permissions of its own, and may lead nowhere.
    await symlink('/nowhere', join(config.state, 'dangling'));
    expect(await checkState(config, ioIn(folder.path))).toMatchObject([
      { severity: 'warning', remedy: `Run: chmod go= ${join(config.state, 'key')}` },
    ]);
  });

  it('refuses a folder that its owner cannot write to', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path);
    await mkdir(config.state, { mode: 0o500 });
    expect(await checkState(config, ioIn(folder.path))).toMatchObject([
      { severity: 'error', message: `this user may not write to ${config.state}` },
    ]);
  });

  it('says that it cannot be made', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path, { state: '/proc/spoor/state' });
    const found = await checkState(config, ioIn(folder.path));
    expect(found).toMatchObject([{ message: expect.stringContaining('/proc/spoor/state') }]);
  });
});

describe('checkLaunchFiles', () => {
  it('warns in root mode of files that somebody but root could write, once for each place', async () => {
    await using folder = await temporaryFolder();
    const launch = join(folder.path, 'launch.d');
    await mkdir(launch);
    await chmod(launch, 0o777);
    const text = (name: string): string =>
      `launch:\n  - {name: ${name}, command: [/bin/sh], may_launch: {spiffe_ids: [spiffe://example.org/x]}}\n`;
    for (const name of ['a', 'b']) await writeFile(join(launch, `${name}.yaml`), text(name));
    const config = configIn(folder.path, { launch });
    const found = await checkLaunchFiles({ ...config, mode: 'root' }, ioIn(folder.path));
    for (const { severity, message } of found) {
      expect([severity, message]).toEqual(['warning', expect.stringContaining('can say what runs as whom')]);
    }
    // Root's files lie in a folder that everybody may write to; another user owns each of them.
    expect(found).toHaveLength(UID === 0 ? 1 : 2);
    expect(await checkLaunchFiles(config, ioIn(folder.path))).toMatchObject([{ severity: 'ok' }]);
  });
});

describe('checkUpstream', () => {
  it('has nothing to say where none is set', async () => {
    await using folder = await temporaryFolder();
    expect(await checkUpstream(configIn(folder.path), ioIn(folder.path))).toEqual([]);
  });

  it('reads certificate, key and bundle as the daemon does', async () => {
    await using folder = await temporaryFolder();
    const file = (name: string): string => join(folder.path, name);
    const upstream = { certificate: file('ca.pem'), key: file('ca.key'), bundle: file('roots.pem') };
    const config = { ...configIn(folder.path), upstream };
    const authority = await TestCertificate.selfSigned({ ca: true, uris: [], subject: 'O=Own' });
    await writeFile(upstream.certificate, writePem('CERTIFICATE', authority.der));
    await writeFile(upstream.key, writePem('PRIVATE KEY', authority.pkcs8));
    expect(await checkUpstream(config, ioIn(folder.path))).toMatchObject([
      { severity: 'error', subject: 'upstream', message: expect.stringContaining(upstream.bundle) },
    ]);
    await writeFile(upstream.bundle, writePem('CERTIFICATE', authority.der));
    expect(await checkUpstream(config, ioIn(folder.path))).toMatchObject([{ severity: 'ok' }]);
    const other = await TestCertificate.selfSigned({ ca: true });
    await writeFile(upstream.key, writePem('PRIVATE KEY', other.pkcs8));
    expect(await checkUpstream(config, ioIn(folder.path))).toMatchObject([
      { severity: 'error', message: `${upstream.key} is not the key of ${upstream.certificate}` },
    ]);
  });
});

describe('checkSockets', () => {
  it('is content with sockets that can be made', async () => {
    await using folder = await temporaryFolder();
    const found = await checkSockets(configIn(folder.path), ioIn(folder.path));
    expect(found).toMatchObject([{ severity: 'ok' }, { severity: 'ok' }, { severity: 'ok' }]);
  });

  it('knows a daemon that answers, and an admin socket that is open to others', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path);
    await using server = createServer().listen(config.adminSocket);
    await once(server, 'listening');
    await chmod(config.adminSocket, 0o666);
    expect(await checkSockets(config, ioIn(folder.path))).toMatchObject([
      { severity: 'ok' },
      { severity: 'ok', message: `a daemon answers at ${config.adminSocket}` },
      { severity: 'ok', message: `${config.launchSocket} can be made` },
      { severity: 'error', remedy: `Run: chmod 0600 ${config.adminSocket}` },
    ]);
  });

  it('refuses a path that is too long, that is no socket, or whose folder is missing', async () => {
    await using folder = await temporaryFolder();
    const long = join(folder.path, 'x'.repeat(100));
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    const messageOf = async (socket: string): Promise<string> => {
      const [first] = await checkSockets(configIn(folder.path, { socket }), ioIn(folder.path));
      expect(first?.severity).toBe('error');
      return first?.message ?? '';
    };
    expect(await messageOf(long)).toBe(`${long} is longer than 107 bytes`);
    expect(await messageOf(file)).toBe(`${file} is there, and no socket`);
    expect(await messageOf('/nowhere/a.sock')).toBe('/nowhere/a.sock: there is no folder /nowhere');
  });

  it('warns of a folder in which others can replace the socket', async () => {
    await using folder = await temporaryFolder();
    await chmod(folder.path, 0o777);
    const config = configIn(folder.path);
    expect((await checkSockets(config, ioIn(folder.path)))[0]).toMatchObject({
      severity: 'warning',
      message: `others may write to ${dirname(config.socket)}: a socket there can be replaced by another`,
    });
  });
});

describe('checkKernel', () => {
  it('has a line for each facility, and a remedy for each that is missing', () => {
    const found = checkKernel();
    expect(found.length).toBeGreaterThan(3);
    for (const { severity, remedy } of found) expect(remedy === '').toBe(severity === 'ok');
  });
});

describe('checkRunningDaemon', () => {
  it('gives what the daemon has to complain of', async () => {
    await using folder = await temporaryFolder();
    await using admin = await FakeAdmin.open();
    const problem = { severity: 'error', subject: 'entries', message: 'bad', remedy: 'Mend it.' };
    admin.problems = [{ ...problem, file: '/x.yaml', line: 3, path: '', found: 'a', allowed: 'b' }];
    const config = configIn(folder.path, { adminSocket: admin.path });
    expect(await checkRunningDaemon(config, new Cli(ioIn(folder.path)))).toEqual([
      {
        severity: 'error',
        subject: 'entries',
        message: 'bad: found a',
        remedy: 'Allowed: b. Mend it.',
        file: '/x.yaml',
        line: 3,
      },
    ]);
  });

  it('does not mind that none runs', async () => {
    await using folder = await temporaryFolder();
    const config = configIn(folder.path);
    expect(await checkRunningDaemon(config, new Cli(ioIn(folder.path)))).toMatchObject([
      { severity: 'ok', message: `none runs at ${config.adminSocket}` },
    ]);
  });
});

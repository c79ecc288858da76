import { describe, expect, it } from 'vitest';
import { endpointFromEnvironment, grpcTarget, parseEndpoint } from '../../src/client/endpoint.js';
import type { SpoorError } from '../../src/core/errors.js';
import { clause } from '../conformance/prove.js';

const INVALID = expect.objectContaining({ code: 'ENDPOINT_INVALID' });

/** Those of the texts that are not refused as they are to be. */
function accepted(...texts: string[]): readonly string[] {
  return texts.filter((text) => {
    try {
      parseEndpoint(text);
      return true;
    } catch (error) {
      return (error as SpoorError).code !== 'ENDPOINT_INVALID';
    }
  });
}

describe('parseEndpoint', () => {
  it('reads an absolute socket path, with and without an empty authority', () => {
    clause(['WEP-4b', 'WEP-4c'], () => {
      expect(parseEndpoint('unix:///run/spoor/agent.sock')).toEqual({
        kind: 'unix',
        path: '/run/spoor/agent.sock',
      });
      expect(parseEndpoint('unix:/p')).toEqual({ kind: 'unix', path: '/p' });
      expect(parseEndpoint('UNIX:///p')).toEqual({ kind: 'unix', path: '/p' });
    });
  });

  it('decodes what is percent-encoded', () => {
    expect(parseEndpoint('unix:///tmp/my%20folder/%C3%A9')).toEqual({
      kind: 'unix',
      path: '/tmp/my folder/é',
    });
  });

  it('reads an IP address with a port', () => {
    clause('WEP-4d', () => {
      expect(parseEndpoint('tcp://127.0.0.1:8000')).toEqual({ kind: 'tcp', ip: '127.0.0.1', port: 8000 });
      expect(parseEndpoint('tcp://[::1]:8000')).toEqual({ kind: 'tcp', ip: '::1', port: 8000 });
    });
  });

  it('refuses a unix address with anything but an absolute path', () => {
    clause('WEP-4c', () => {
      expect(
        accepted('unix://host/p', 'unix:p', 'unix:./p', 'unix:///p?x', 'unix:///p#f', 'unix://'),
      ).toEqual([]);
      expect(accepted('unix:', 'unix:///', 'unix:///p?', 'unix:///p#', 'unix://u@/p', 'unix:///a b')).toEqual(
        [],
      );
      expect(accepted('unix:///%0', 'unix:///%00', 'unix:///%ff', 'unix:///é')).toEqual([]);
      expect(accepted(`unix:///${'x'.repeat(106)}`, `unix:///${'x'.repeat(107)}`)).toHaveLength(1);
    });
  });

  it('refuses a tcp address with anything but an IP literal and a port', () => {
    clause('WEP-4d', () => {
      expect(accepted('tcp://localhost:8000', 'tcp://127.0.0.1', 'tcp://127.0.0.1:', 'tcp://:8000')).toEqual(
        [],
      );
      const ends = ['/', '/foo', '?x', '#f', '?', '#', ' '];
      expect(accepted(...ends.map((end) => `tcp://127.0.0.1:8000${end}`))).toEqual([]);
      expect(
        accepted('tcp://u@127.0.0.1:1', 'tcp:127.0.0.1:1', 'tcp://::1:1', 'tcp://[127.0.0.1]:1'),
      ).toEqual([]);
      expect(accepted('tcp://127.0.0.1:0', 'tcp://127.0.0.1:65536', 'tcp://127.0.0.1:+1')).toEqual([]);
      expect(accepted('tcp://1.2.3:1', 'tcp://[fe80::1%25eth0]:8000')).toEqual([]);
    });
  });

  it('refuses every other scheme, and none', () => {
    clause('WEP-4b', () => {
      expect(
        accepted('', '/p', 'http://127.0.0.1:80', 'unix', 'unixx:///p', ' unix:///p', 'npipe:p'),
      ).toEqual([]);
    });
  });
});

describe('a refusal', () => {
  it('says what is wrong, and shows the text', () => {
    const facts = { text: 'unix:///p#f' };
    expect(() => parseEndpoint('unix:///p#f')).toThrow(
      expect.objectContaining({ code: 'ENDPOINT_INVALID', facts }),
    );
    expect(() => parseEndpoint('unix:///p#f')).toThrow(/it has a fragment/);
    expect(() => parseEndpoint('tcp://localhost:1')).toThrow(/the host is not an IP address/);
  });
});

describe('endpointFromEnvironment', () => {
  it('reads SPIFFE_ENDPOINT_SOCKET', () => {
    clause('WEP-4a', () => {
      expect(endpointFromEnvironment({ SPIFFE_ENDPOINT_SOCKET: 'unix:///p' })).toEqual({
        kind: 'unix',
        path: '/p',
      });
      expect(() => endpointFromEnvironment({ SPIFFE_ENDPOINT_SOCKET: '/p' })).toThrow(INVALID);
      for (const env of [{}, { SPIFFE_ENDPOINT_SOCKET: '' }]) {
        expect(() => endpointFromEnvironment(env)).toThrow(/SPIFFE_ENDPOINT_SOCKET is not set/);
      }
    });
  });
});

describe('grpcTarget', () => {
  it('names each endpoint as gRPC does', () => {
    expect(grpcTarget(parseEndpoint('unix:/p/q'))).toBe('unix:///p/q');
    expect(grpcTarget(parseEndpoint('tcp://127.0.0.1:1'))).toBe('ipv4:127.0.0.1:1');
    expect(grpcTarget(parseEndpoint('tcp://[::1]:1'))).toBe('ipv6:[::1]:1');
  });
});

import { stat } from 'node:fs/promises';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { workloadApiMethods, type WorkloadApi } from '../../src/wire/workload-api.js';
import { FakeProcess } from '../fakes/fake-rooms.js';
import { IssuingEndpoint } from '../fakes/issuing-endpoint.js';
import { listServices } from '../fakes/reflection-client.js';
import { header, Messages, WireClient } from '../fakes/wire-client.js';
import { clause } from './prove.js';

const methods = workloadApiMethods();
const RPCS = Object.keys(methods) as (keyof WorkloadApi)[];
const OTHERS = [
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  '/spoor.v1.Explain/Explain',
];

/** The status of a call of any path, unary or stream, whose request is empty. */
function call(path: string, method: string, metadata = header()): Promise<ServiceError> {
  const client = new Client(`unix:${path}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const asIs = (bytes: Buffer): Buffer => bytes;
  return new Messages(client.makeServerStreamRequest(method, asIs, asIs, Buffer.alloc(0), metadata))
    .end()
    .finally(() => client.close());
}

describe('SPIFFE Workload Endpoint', () => {
  it('serves the Workload API by gRPC on a Unix socket, without TLS', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = new WireClient(endpoint.path, methods);
    await clause(['WEP-2a', 'WEP-3a', 'WEP-3.1a', 'WEP-7b'], async () => {
      expect((await stat(endpoint.path)).isSocket()).toBe(true);
      expect((await calls.stream('FetchX509SVID').next()).svids.length).toBe(1);
    });
  });

  it('refuses every RPC whose security header is not there exactly once, spelled exactly so', async () => {
    await using endpoint = await IssuingEndpoint.open();
    const wrong = [
      [''],
      ['True'],
      ['TRUE'],
      ['1'],
      ['false'],
      ['true '],
      ['true', 'true'],
      ['true', 'false'],
      ['true,true'],
    ];
    await clause(['WEP-3c', 'WEP-6a', 'DEF-1'], async () => {
      for (const rpc of [...RPCS.map((name) => `/SpiffeWorkloadAPI/${name}`), ...OTHERS]) {
        const absent = header('x');
        absent.remove('workload.spiffe.io');
        const answers = await Promise.all(
          [absent, ...wrong.map((values) => header(...values))].map((metadata) =>
            call(endpoint.path, rpc, metadata),
          ),
        );
        for (const { code, details } of answers) {
          expect([rpc, code]).toEqual([rpc, status.INVALID_ARGUMENT]);
          expect(details).toMatch(/^security header missing from request \(call \d+\)$/u);
        }
      }
    });
  });

  it('finds out by itself who calls, and asks nothing of the caller', async () => {
    await using endpoint = await IssuingEndpoint.open();
    await clause('WEP-5a', async () => {
      using calls = new WireClient(endpoint.path, methods);
      expect((await calls.stream('FetchX509SVID').next()).svids[0]?.spiffe_id).toBe(
        'spiffe://example.org/web',
      );
    });
    endpoint.door.process = new FakeProcess(7, 7);
    await clause('WEP-6c', async () => {
      using calls = new WireClient(endpoint.path, methods);
      expect(await calls.stream('FetchX509SVID').end()).toMatchObject({ code: status.PERMISSION_DENIED });
    });
  });

  it('answers UNAVAILABLE while it cannot attest', async () => {
    await using endpoint = await IssuingEndpoint.open(undefined, {
      attest: () => {
        throw new SpoorError('ATTESTATION_FAILED', 'workload attestation failed');
      },
    });
    using calls = new WireClient(endpoint.path, methods);
    await clause('WEP-6b', async () => {
      const error = await calls.stream('FetchX509SVID').end();
      expect([error.code, error.details]).toEqual([
        status.UNAVAILABLE,
        'workload attestation failed (call 1)',
      ]);
    });
  });

  it('answers UNIMPLEMENTED for what it does not have, with the header or without', async () => {
    await using endpoint = await IssuingEndpoint.open();
    await clause(['WEP-6d', 'AMB-11'], async () => {
      for (const rpc of ['/SpiffeWorkloadAPI/FetchNothing', '/spiffe.broker.API/FetchJWTSVID']) {
        expect(await call(endpoint.path, rpc)).toMatchObject({ code: status.UNIMPLEMENTED });
        expect(await call(endpoint.path, rpc, header('no'))).toMatchObject({ code: status.UNIMPLEMENTED });
      }
    });
  });

  it('shows its services by reflection, and has added nothing to the standard’s', async () => {
    await using endpoint = await IssuingEndpoint.open();
    await clause(['WEP-7a', 'WEP-7c', 'WAPI-2a'], async () => {
      expect(await listServices(endpoint.path)).toEqual({
        SpiffeWorkloadAPI: [
          'FetchX509SVID',
          'FetchX509Bundles',
          'FetchJWTSVID',
          'FetchJWTBundles',
          'ValidateJWTSVID',
          'FetchWITSVID',
          'FetchWITBundles',
        ],
        'grpc.health.v1.Health': ['Check', 'Watch', 'List'],
        'grpc.reflection.v1.ServerReflection': ['ServerReflectionInfo'],
        'grpc.reflection.v1alpha.ServerReflection': ['ServerReflectionInfo'],
        'spoor.v1.Explain': ['Explain'],
        'spoor.v1.Launches': ['List', 'Stop'],
      });
    });
  });
});

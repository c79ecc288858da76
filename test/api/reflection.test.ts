import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { FakeRooms } from '../fakes/fake-rooms.js';
import { ReflectionClient, type Version } from '../fakes/reflection-client.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { header } from '../fakes/wire-client.js';

const REPEATED = 3;
const MESSAGE = 11;
const BYTES = 12;

describe.each(['v1', 'v1alpha'] as const satisfies readonly Version[])('server reflection %s', (version) => {
  it('finds a service without a package by its name, and gives what it imports along', async () => {
    await using endpoint = await openTestEndpoint(new FakeRooms());
    using client = new ReflectionClient(endpoint.path, version);
    for (const symbol of [
      'SpiffeWorkloadAPI',
      'SpiffeWorkloadAPI.FetchJWTSVID',
      'X509SVID',
      'X509SVID.hint',
    ]) {
      const files = await client.files(symbol);
      expect(files.map(({ name }) => name)).toEqual(['workloadapi.proto', 'google/protobuf/struct.proto']);
      expect(files[0]?.dependency).toEqual(['google/protobuf/struct.proto']);
    }
    expect((await client.files('spoor.v1.Explain'))[0]).toMatchObject({
      name: 'spoor/v1/explain.proto',
      package: 'spoor.v1',
    });
    expect(await client.end()).toBe(true);
  });

  it('describes maps and well-known types as protoc does, which Go insists on', async () => {
    await using endpoint = await openTestEndpoint(new FakeRooms());
    using client = new ReflectionClient(endpoint.path, version);
    const [api, struct] = await client.files('X509BundlesResponse');
    const message = api?.messageType?.find(({ name }) => name === 'X509BundlesResponse');
    expect(message?.field?.[1]).toMatchObject({
      name: 'bundles',
      number: 2,
      label: REPEATED,
      type: MESSAGE,
      typeName: '.X509BundlesResponse.BundlesEntry',
      jsonName: 'bundles',
    });
    expect(message?.nestedType?.[0]).toMatchObject({
      name: 'BundlesEntry',
      options: { mapEntry: true },
      field: [{ name: 'key' }, { name: 'value', type: BYTES }],
    });
    const value = struct?.messageType?.find(({ name }) => name === 'Value');
    expect(value?.field?.map(({ name, jsonName, oneofIndex }) => [name, jsonName, oneofIndex])).toEqual([
      ['null_value', 'nullValue', 0],
      ['number_value', 'numberValue', 0],
      ['string_value', 'stringValue', 0],
      ['bool_value', 'boolValue', 0],
      ['struct_value', 'structValue', 0],
      ['list_value', 'listValue', 0],
    ]);
  });

  it('gives a file by its name, and says what it does not have', async () => {
    await using endpoint = await openTestEndpoint(new FakeRooms());
    using client = new ReflectionClient(endpoint.path, version);
    const found = await client.ask({ fileByFilename: 'google/protobuf/struct.proto' });
    expect(found.fileDescriptorResponse?.fileDescriptorProto.length).toBe(1);
    for (const question of [
      { fileContainingSymbol: '.SpiffeWorkloadAPI' },
      { fileByFilename: '/etc/passwd' },
      { allExtensionNumbersOfType: 'X509SVID' },
    ]) {
      expect((await client.ask(question)).errorResponse?.errorCode).toBe(status.NOT_FOUND);
    }
  });

  it('is refused without the security header', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using client = new ReflectionClient(endpoint.path, version, header('false'));
    await expect(client.ask({ listServices: '*' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'security header missing from request (call 1)',
    });
    expect(rooms.recorded.length).toBe(1);
  });
});

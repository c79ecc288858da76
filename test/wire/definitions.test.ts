import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adminMethods } from '../../src/wire/admin.js';
import { methodsOf } from '../../src/wire/definitions.js';
import { explainMethods } from '../../src/wire/explain.js';
import { workloadApiMethods } from '../../src/wire/workload-api.js';

describe('definitions', () => {
  it('has every RPC of our own services under its package', () => {
    expect(explainMethods().Explain.path).toBe('/spoor.v1.Explain/Explain');
    expect(adminMethods().GetStatus.path).toBe('/spoor.v1.Admin/GetStatus');
    expect(Object.keys(adminMethods())).toEqual([
      'GetStatus',
      'CheckDaemon',
      'Who',
      'ListEntries',
      'GetEntry',
      'AddEntry',
      'UpdateEntry',
      'DeleteEntry',
      'ImportEntries',
      'GetAuthorities',
      'RotateAuthority',
      'TaintAuthority',
      'RevokeAuthority',
      'ListBundles',
      'GetBundle',
      'SetBundle',
      'DeleteBundle',
      'ListLaunchDefinitions',
      'GetLaunchDefinition',
      'AddLaunchDefinition',
      'DeleteLaunchDefinition',
    ]);
  });

  it('gives absent fields their defaults, and bytes as Buffers', () => {
    const read = workloadApiMethods().FetchX509SVID.responseDeserialize(Buffer.from('0a00', 'hex'));
    expect(read).toEqual({
      svids: [
        {
          spiffe_id: '',
          x509_svid: Buffer.alloc(0),
          x509_svid_key: Buffer.alloc(0),
          bundle: Buffer.alloc(0),
          hint: '',
        },
      ],
      crl: [],
      federated_bundles: {},
    });
  });

  it('says which service a file does not have', () => {
    expect(() => methodsOf('workloadapi.proto', 'Nobody')).toThrow(
      'proto/workloadapi.proto has no service Nobody',
    );
  });

  it('keeps every field number of every proto unique within its message', () => {
    for (const file of ['workloadapi.proto', 'spoor/v1/admin.proto', 'spoor/v1/explain.proto']) {
      const text = readFileSync(new URL(`../../proto/${file}`, import.meta.url), 'utf8');
      for (const [, body = ''] of text.matchAll(/message \w+ \{([^}]*)\}/gu)) {
        const numbers = Array.from(body.matchAll(/= (\d+);/gu), ([, number]) => number);
        expect(new Set(numbers).size).toBe(numbers.length);
      }
    }
  });
});

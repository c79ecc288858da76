import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { MessageWriter } from '../../src/wire/message-writer.js';
import {
  MAX_AUDIENCE_BYTES,
  MAX_AUDIENCES,
  readEmptyRequest,
  readJwtSvidRequest,
  readValidateJwtSvidRequest,
  readWitSvidRequest,
} from '../../src/wire/requests.js';
import { workloadApiMethods } from '../../src/wire/workload-api.js';

const methods = workloadApiMethods();

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'none';
  } catch (error) {
    return error instanceof SpoorError ? error.code : String(error);
  }
}

describe('requests', () => {
  it('are read as protobufjs wrote them', () => {
    const jwt = { audience: ['a', 'ä€', 'a'], spiffe_id: 'spiffe://example.org/web' };
    expect(readJwtSvidRequest(methods.FetchJWTSVID.requestSerialize(jwt))).toEqual(jwt);
    const validate = { audience: 'a', svid: 'x'.repeat(5_000) };
    expect(readValidateJwtSvidRequest(methods.ValidateJWTSVID.requestSerialize(validate))).toEqual(validate);
    const wit = { spiffe_id: 'spiffe://example.org/web' };
    expect(readWitSvidRequest(methods.FetchWITSVID.requestSerialize(wit))).toEqual(wit);
    expect(readEmptyRequest(Buffer.alloc(0))).toEqual({});
  });

  it('pass over fields that are unknown, of every wire type', () => {
    const known = methods.FetchWITSVID.requestSerialize({ spiffe_id: 'x' });
    const unknown = new MessageWriter().varint(9, 1_000_000).double(10, 1).string(11, 'text').finish();
    const fixed32 = Buffer.from([(12 << 3) | 5, 1, 2, 3, 4]);
    expect(readWitSvidRequest(Buffer.concat([unknown, fixed32, known]))).toEqual({ spiffe_id: 'x' });
  });

  it('take the last of a field that stands twice', () => {
    const twice = new MessageWriter().string(1, 'first').string(1, 'second').finish();
    expect(readWitSvidRequest(twice)).toEqual({ spiffe_id: 'second' });
  });

  it.each([
    ['a cut length', '0a'],
    ['a cut text', '0a05616263'],
    ['a group', '0b0c'],
    ['field 0', '02'],
    ['wire type 7', '0f'],
    ['text that is not UTF-8', '0a01ff'],
    ['a length beyond all memory', '0affffffffffffffffff01'],
    ['a number of eleven bytes', '08ffffffffffffffffffff01'],
  ])('are refused for %s', (_what, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    for (const read of [
      readEmptyRequest,
      readWitSvidRequest,
      readJwtSvidRequest,
      readValidateJwtSvidRequest,
    ]) {
      expect(codeOf(() => read(bytes))).toBe('ARGUMENT_INVALID');
    }
  });

  it('never throw anything but a SpoorError, whatever the bytes', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647);
    for (let round = 0; round < 5_000; round += 1) {
      const bytes = Buffer.from(Array.from({ length: random() % 24 }, () => random() % 256));
      expect(['none', 'ARGUMENT_INVALID']).toContain(codeOf(() => readJwtSvidRequest(bytes)));
    }
  });

  it('take up to 32 audiences of up to 2048 bytes, and of 8192 in all: a longer token fits nowhere', () => {
    const request = (count: number, length: number): Buffer =>
      methods.FetchJWTSVID.requestSerialize({
        audience: Array(count).fill('a'.repeat(length)),
        spiffe_id: '',
      });
    expect(readJwtSvidRequest(request(MAX_AUDIENCES, 256)).audience).toHaveLength(MAX_AUDIENCES);
    expect(readJwtSvidRequest(request(4, MAX_AUDIENCE_BYTES)).audience).toHaveLength(4);
    expect(codeOf(() => readJwtSvidRequest(request(MAX_AUDIENCES, 257)))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => readJwtSvidRequest(request(5, MAX_AUDIENCE_BYTES)))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => readJwtSvidRequest(request(MAX_AUDIENCES + 1, 1)))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => readJwtSvidRequest(request(1, MAX_AUDIENCE_BYTES + 1)))).toBe('ARGUMENT_INVALID');
    expect(MAX_AUDIENCES).toBe(32);
    expect(MAX_AUDIENCE_BYTES).toBe(2048);
  });
});

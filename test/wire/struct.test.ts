import { describe, expect, it } from 'vitest';
import { parseIJson } from '../../src/encoding/i-json.js';
import { writeValidateJwtSvidResponse } from '../../src/wire/responses.js';
import { readStruct, writeStruct } from '../../src/wire/struct.js';
import { workloadApiMethods } from '../../src/wire/workload-api.js';

const { ValidateJWTSVID } = workloadApiMethods();

/** What a client of protobufjs reads of claims that we wrote. */
function throughTheWire(claims: object): Record<string, unknown> {
  const bytes = writeValidateJwtSvidResponse('spiffe://example.org/web', claims);
  return readStruct(ValidateJWTSVID.responseDeserialize(bytes).claims);
}

describe('google.protobuf.Struct', () => {
  it.each([
    ['numbers', { exp: 1_893_456_000, half: 0.5, negative: -3, zero: 0, huge: 1e300 }],
    ['texts', { empty: '', text: 'ä€😀', quote: '"' }],
    ['booleans and null', { yes: true, no: false, none: null }],
    ['lists', { aud: ['a', 'b'], empty: [], mixed: [1, 'x', null, [true], {}] }],
    ['objects', { act: { sub: 'x', deeper: { empty: {} } } }],
    ['no claims', {}],
  ])('keeps %s', (_what, claims) => {
    expect({ ...throughTheWire(claims) }).toEqual(plain(claims));
  });

  it('keeps a claim that is named __proto__, and changes no prototype', () => {
    const claims = parseIJson('{"__proto__":{"polluted":true},"constructor":"x"}') as object;
    const read = throughTheWire(claims);
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('writes each kind of value as protobufjs does', () => {
    for (const [name, value, wire] of [
      ['n', 1.5, { numberValue: 1.5 }],
      ['n', 0, { numberValue: 0 }],
      ['s', '', { stringValue: '' }],
      ['b', false, { boolValue: false }],
      ['z', null, { nullValue: 'NULL_VALUE' }],
      ['l', ['x'], { listValue: { values: [{ stringValue: 'x' }] } }],
      ['o', { k: true }, { structValue: { fields: { k: { boolValue: true } } } }],
    ] as const) {
      const expected = ValidateJWTSVID.responseSerialize({
        spiffe_id: 'x',
        claims: { fields: { [name]: wire } },
      });
      expect(writeValidateJwtSvidResponse('x', { [name]: value }).toString('hex')).toBe(
        expected.toString('hex'),
      );
    }
  });

  it('refuses what JSON cannot hold', () => {
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, () => 1, 1n]) {
      expect(() => writeStruct({ value })).toThrow(RangeError);
    }
  });

  it('writes what the JSON parser lets through at its deepest, and refuses what is far deeper', () => {
    const nest = (depth: number): object =>
      JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as object;
    expect(writeStruct(nest(64)).finish().length).toBeGreaterThan(64);
    expect(() => writeStruct(nest(200))).toThrow(RangeError);
  });
});

/** The same without prototypes, as `readStruct` gives it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

import { describe, expect, it } from 'vitest';
import { outcome } from '../fakes/outcome.js';
import { MAX_JSON_CHARACTERS, MAX_JSON_DEPTH, parseIJson } from '../../src/encoding/i-json.js';

const JSON_INVALID = expect.objectContaining({ code: 'JSON_INVALID' });
const BACKSLASH = '\\';

describe('parseIJson', () => {
  it.each([
    '{}',
    '[]',
    ' \t\r\n[ ]\n',
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1.5e+3',
    '1E2',
    '"text"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"',
    '"\\ud83d\\ude00 😀"',
    '{"a":{"b":[1,2,{"c":null}]},"d":""}',
    '{"":1}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseIJson(text)).toEqual(JSON.parse(text));
    expect(parseIJson(Buffer.from(text))).toEqual(JSON.parse(text));
  });

  it.each([
    ['nothing', ''],
    ['two values', '1 2'],
    ['a comma at the end of an array', '[1,]'],
    ['a comma at the end of an object', '{"a":1,}'],
    ['a name without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a missing colon', '{"a" 1}'],
    ['an array that does not end', '[1'],
    ['an object that does not end', '{"a":1'],
    ['a string that does not end', '"a'],
    ['a leading zero', '01'],
    ['a plus sign', '+1'],
    ['a bare point', '1.'],
    ['a point first', '.5'],
    ['an empty exponent', '1e'],
    ['hexadecimal', '0x10'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['undefined', 'undefined'],
    ['half a word', 'tru'],
    ['a comment', '/* */1'],
    ['a byte order mark', '\ufeff1'],
    ['a bad escape', '"\\x41"'],
    ['a short escape', '"\\u12"'],
    ['a no-break space', '\u00a01'],
    ['a number beyond a double', '1e400'],
    ['a name given twice', '{"a":1,"a":1}'],
    ['a name given twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a name given twice, deep inside', '[{"x":{"a":1,"b":2,"a":3}}]'],
    ['__proto__ given twice', '{"__proto__":1,"__proto__":2}'],
    ['an escaped high surrogate alone', '"\\ud83d"'],
    ['an escaped low surrogate alone', '"\\ude00"'],
    ['surrogates the wrong way round', '"\\ude00\\ud83d"'],
    ['a bare surrogate', '"\ud83d"'],
    ['a surrogate in a name', '{"\\ud83d":1}'],
    ['a noncharacter', '"\\uffff"'],
    ['a noncharacter of a higher plane', '"\u{1fffe}"'],
  ])('refuses %s', (_, text) => {
    expect(() => parseIJson(text)).toThrow(JSON_INVALID);
  });

  it('takes every character in a string but quote, backslash and control characters', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const character = String.fromCharCode(byte);
      const text = `"${character}"`;
      const refused = byte < 0x20 || character === '"' || character === BACKSLASH;
      expect(
        outcome(() => parseIJson(text)),
        `byte ${byte}`,
      ).toBe(refused ? 'JSON_INVALID' : character);
    }
  });

  it('knows just the nine escapes', () => {
    for (let byte = 0x20; byte < 256; byte += 1) {
      const character = String.fromCharCode(byte);
      const text = `"${BACKSLASH}${character}"`;
      const expected: unknown = '"\\/bfnrt'.includes(character) ? JSON.parse(text) : 'JSON_INVALID';
      expect(
        outcome(() => parseIJson(text)),
        `byte ${byte}`,
      ).toBe(expected);
    }
  });

  it('refuses bytes that are not UTF-8', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xef, 0xbb, 0xbf, 0x31],
    ]) {
      expect(() => parseIJson(Buffer.from(bytes))).toThrow(JSON_INVALID);
    }
  });

  it('keeps __proto__ as a member like any other', () => {
    const object = parseIJson('{"__proto__":{"admin":true},"constructor":1}') as Record<string, unknown>;
    expect(Object.keys(object)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(object['admin']).toBeUndefined();
    expect(JSON.stringify(object)).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });

  it('keeps the last digit of a wide integer when asked to', () => {
    const text = '[18446744073709551615,-9007199254740993,9007199254740991,1e20,1.5]';
    expect(parseIJson(text, { wideIntegers: true })).toEqual([
      18446744073709551615n,
      -9007199254740993n,
      9007199254740991,
      1e20,
      1.5,
    ]);
    expect(parseIJson('18446744073709551615')).toBe(2 ** 64);
  });

  it('stops at its limits of depth and length, and says where', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseIJson(nested(MAX_JSON_DEPTH))).toBeInstanceOf(Array);
    expect(() => parseIJson(nested(MAX_JSON_DEPTH + 1))).toThrow(JSON_INVALID);
    expect(() => parseIJson('['.repeat(100_000))).toThrow(JSON_INVALID);
    expect(() => parseIJson(' '.repeat(MAX_JSON_CHARACTERS + 1))).toThrow(JSON_INVALID);
    expect(() => parseIJson(Buffer.alloc(MAX_JSON_CHARACTERS + 1, ' '))).toThrow(JSON_INVALID);
    expect(() => parseIJson('{"a":1,"a":2}')).toThrow(expect.objectContaining({ facts: { offset: 7 } }));
  });

  it('reads a long run of white space or one long string in a moment', () => {
    expect(parseIJson(`${' '.repeat(2_000_000)}"${'a'.repeat(2_000_000)}"`)).toHaveLength(2_000_000);
  });
});

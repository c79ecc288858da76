import { describe, expect, it } from 'vitest';
import { outcome } from '../fakes/outcome.js';
import { checkDer, der, DerReader, MAX_DER_BYTES, MAX_DER_DEPTH } from '../../src/encoding/der.js';
import { TAG } from '../../src/encoding/der-node.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const read = (text: string): DerReader => DerReader.of(hex(text));
const DER_INVALID = expect.objectContaining({ code: 'DER_INVALID' });

describe('DerReader', () => {
  it('walks a sequence element by element and knows where each lies', () => {
    const outer = read('30 06 02 01 05 04 01 ff');
    const node = outer.next(TAG.sequence);
    expect(node).toEqual({ tag: 0x30, constructed: true, start: 0, contentStart: 2, end: 8 });
    const inner = outer.inside(node);
    expect(inner.integer()).toEqual(hex('05'));
    expect(inner.optional(TAG.boolean)).toBeUndefined();
    expect(inner.octetString()).toEqual(hex('ff'));
    expect(inner.done).toBe(true);
    inner.finish();
    outer.finish();
  });

  it('takes every tag byte that DER has a use for, and no other', () => {
    for (let tag = 0; tag < 256; tag += 1) {
      const universal = tag < 0x40;
      const high = (tag & 0x1f) === 0x1f;
      const nests = tag === 0x30 || tag === 0x31;
      const wrongForm = universal && ((tag & 0x20) !== 0) !== nests;
      const refused = high || tag === 0 || wrongForm || tag === 0x10 || tag === 0x11;
      const attempt = (): unknown => DerReader.of(Buffer.from([tag, 0])).next();
      const good = { tag, constructed: (tag & 0x20) !== 0, start: 0, contentStart: 2, end: 2 };
      expect(outcome(attempt), `tag ${tag}`).toEqual(refused ? 'DER_INVALID' : good);
    }
  });

  it.each([
    ['nothing at all', ''],
    ['a tag without a length', '04'],
    ['content that ends too early', '04 02 00'],
    ['a length that ends too early', '04 82 01'],
    ['an indefinite length', '30 80 00 00'],
    ['a long length for a short content', '04 81 01 00'],
    ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`],
    ['a length of four bytes', '04 84 00 00 00 01 00'],
    ['a reserved length', '04 ff'],
  ])('refuses %s', (_, text) => {
    expect(() => read(text).next()).toThrow(DER_INVALID);
  });

  it('reads long lengths in their shortest form', () => {
    for (const size of [127, 128, 255, 256, 65_000]) {
      const bytes = der.octetString(Buffer.alloc(size));
      expect(DerReader.of(bytes).octetString().length).toBe(size);
    }
  });

  it('refuses another tag than the one asked for, what is left over, and entering a primitive', () => {
    expect(() => read('02 01 00').next(TAG.oid)).toThrow(DER_INVALID);
    expect(() => read('02 01 00').finish()).toThrow(DER_INVALID);
    const string = read('04 00');
    expect(() => string.inside(string.next())).toThrow(DER_INVALID);
  });

  it('says at which byte it stopped', () => {
    const list = read('30 05 02 01 00 02 00').enter();
    list.integer();
    expect(() => list.integer()).toThrow(expect.objectContaining({ facts: { offset: 5 } }));
  });

  it('reads nothing beyond its limits of size and depth', () => {
    expect(() => DerReader.of(Buffer.alloc(MAX_DER_BYTES + 1))).toThrow(DER_INVALID);
    expect(DerReader.of(Buffer.alloc(MAX_DER_BYTES + 1), MAX_DER_BYTES + 1).done).toBe(false);
    let nested = der.null();
    for (let depth = 0; depth < MAX_DER_DEPTH; depth += 1) nested = der.sequence(nested);
    checkDer(nested);
    expect(() => checkDer(der.sequence(nested))).toThrow(DER_INVALID);
  });
});

describe('the values of DER', () => {
  it.each([
    ['00', false],
    ['ff', true],
    ['01', undefined],
    ['', undefined],
    ['0000', undefined],
  ])('reads a BOOLEAN of %j as %j', (content, expected) => {
    const reader = DerReader.of(der.element(TAG.boolean, hex(content)));
    expect(outcome(() => reader.boolean())).toBe(expected ?? 'DER_INVALID');
  });

  it.each([
    ['00', true],
    ['7f', true],
    ['80', true],
    ['0080', true],
    ['ff7f', true],
    ['007f', false],
    ['ff80', false],
    ['', false],
  ])('reads an INTEGER of %j: %j', (content, good) => {
    const reader = DerReader.of(der.element(TAG.integer, hex(content)));
    expect(outcome(() => reader.integer())).toEqual(good ? hex(content) : 'DER_INVALID');
  });

  it.each([
    ['00', true],
    ['00ff', true],
    ['07 80', true],
    ['01 fe', true],
    ['01', false],
    ['01 ff', false],
    ['08 00', false],
    ['', false],
  ])('reads a BIT STRING of %j: %j', (content, good) => {
    const reader = DerReader.of(der.element(TAG.bitString, hex(content)));
    expect(outcome(() => reader.bitString().bytes)).toEqual(good ? hex(content).subarray(1) : 'DER_INVALID');
  });

  it.each([
    ['55 1d 0f', '2.5.29.15'],
    ['2a 86 48 86 f7 0d 01 01 0b', '1.2.840.113549.1.1.11'],
    ['00', '0.0'],
    ['27', '0.39'],
    ['28', '1.0'],
    ['88 37 03', '2.999.3'],
    ['', undefined],
    ['80 01', undefined],
    ['2a 86', undefined],
    ['2a ff ff ff ff ff ff ff ff 7f', undefined],
  ])('reads an OBJECT IDENTIFIER of %j as %j', (content, expected) => {
    const reader = DerReader.of(der.element(TAG.oid, hex(content)));
    expect(outcome(() => reader.oid())).toBe(expected ?? 'DER_INVALID');
    expect(der.oid(expected ?? '2.5')).toEqual(
      der.element(TAG.oid, hex(expected === undefined ? '55' : content)),
    );
  });

  it.each([
    [TAG.utcTime, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [TAG.utcTime, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [TAG.utcTime, '240229120000Z', '2024-02-29T12:00:00.000Z'],
    [TAG.generalizedTime, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    [TAG.generalizedTime, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
    [TAG.utcTime, '230229120000Z', undefined],
    [TAG.utcTime, '241301000000Z', undefined],
    [TAG.utcTime, '240101240000Z', undefined],
    [TAG.utcTime, '240101006000Z', undefined],
    [TAG.utcTime, '2401010000Z', undefined],
    [TAG.utcTime, '240101000000+0000', undefined],
    [TAG.utcTime, '20240101000000Z', undefined],
    [TAG.generalizedTime, '20500101000000.5Z', undefined],
    [TAG.generalizedTime, '20500101000000', undefined],
  ])('reads a time of tag %i and %j as %j', (tag, text, expected) => {
    const reader = DerReader.of(der.element(tag, Buffer.from(text)));
    expect(outcome(() => reader.time().toISOString())).toBe(expected ?? 'DER_INVALID');
  });
});

describe('the DER writer', () => {
  it.each([
    ['an empty sequence', der.sequence(), '30 00'],
    ['a set of two', der.set(der.null(), der.null()), '31 04 05 00 05 00'],
    ['a number whose top bit is set', der.integer(hex('ff')), '02 02 00 ff'],
    ['a number with leading zeros', der.integer(hex('00 00 01')), '02 01 01'],
    ['zero', der.integer(hex('00 00')), '02 01 00'],
    ['no bytes as zero', der.integer(hex('')), '02 01 00'],
    ['true', der.boolean(true), '01 01 ff'],
    ['false', der.boolean(false), '01 01 00'],
    ['bits', der.bitString(hex('80'), 7), '03 02 07 80'],
    ['text', der.utf8('é'), '0c 02 c3 a9'],
    ['printable text', der.printable('A'), '13 01 41'],
    ['IA5 text', der.ia5('a@b'), '16 03 61 40 62'],
    [
      'an instant before 2050',
      der.utcOrGeneralized(new Date('2049-01-02T03:04:05Z')),
      '17 0d 3439303130323033303430355a',
    ],
    [
      'an instant from 2050',
      der.utcOrGeneralized(new Date('2050-01-02T03:04:05Z')),
      '18 0f 32303530303130323033303430355a',
    ],
    ['an explicit tag', der.explicit(3, der.null()), 'a3 02 05 00'],
    ['an implicit tag', der.implicit(6, Buffer.from('x')), '86 01 78'],
  ])('writes %s', (_, written, expected) => {
    expect(written).toEqual(hex(expected));
  });
});

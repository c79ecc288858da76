import { describe, expect, it } from 'vitest';
import { readPem, writePem } from '../../src/encoding/pem.js';

const block = (label: string, body: string): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const PEM_INVALID = expect.objectContaining({ code: 'PEM_INVALID' });

describe('readPem', () => {
  it.each([
    ['one block', block('CERTIFICATE', 'AQID'), ['CERTIFICATE']],
    [
      'two blocks of two kinds',
      block('CERTIFICATE', 'AQID') + block('PRIVATE KEY', 'BA=='),
      ['CERTIFICATE', 'PRIVATE KEY'],
    ],
    ['commentary around blocks', `subject: x\n${block('CERTIFICATE', 'AQID')}\nand more`, ['CERTIFICATE']],
    ['line breaks of Windows', block('CERTIFICATE', 'AQ\nID').replaceAll('\n', '\r\n'), ['CERTIFICATE']],
    ['no line break at the end', block('CERTIFICATE', 'AQID').trimEnd(), ['CERTIFICATE']],
    [
      'a BEGIN in the middle of a line',
      `x -----BEGIN Y-----\n${block('CERTIFICATE', 'AQID')}`,
      ['CERTIFICATE'],
    ],
  ])('reads %s', (_, text, labels) => {
    expect(readPem(text).map(({ label }) => label)).toEqual(labels);
  });

  it('gives the bytes of a block', () => {
    expect(readPem(block('CERTIFICATE', 'AQ\nID'), 'CERTIFICATE')).toEqual([
      { label: 'CERTIFICATE', bytes: Buffer.from([1, 2, 3]) },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['text without a block', 'hello'],
    ['a block that does not end', '-----BEGIN CERTIFICATE-----\nAQID\n'],
    ['a block that ends as another', '-----BEGIN CERTIFICATE-----\nAQID\n-----END PRIVATE KEY-----\n'],
    ['an empty block', block('CERTIFICATE', '')],
    ['headers', block('CERTIFICATE', 'Proc-Type: 4,ENCRYPTED\n\nAQID')],
    ['base64url', block('CERTIFICATE', '_-8=')],
    ['a label in lower case', block('certificate', 'AQID')],
    ['more than a megabyte', block('CERTIFICATE', 'AAAA'.repeat(262_144))],
  ])('refuses %s', (_, text) => {
    expect(() => readPem(text)).toThrow(PEM_INVALID);
  });

  it('refuses a block of another kind than the one asked for', () => {
    expect(() => readPem(block('PRIVATE KEY', 'AQID'), 'CERTIFICATE')).toThrow(
      'found PRIVATE KEY in place of CERTIFICATE',
    );
  });
});

describe('writePem', () => {
  it('writes 64 characters a line, as OpenSSL does', () => {
    const text = writePem('CERTIFICATE', Buffer.alloc(49, 1));
    expect(text).toBe(`-----BEGIN CERTIFICATE-----\n${'AQEB'.repeat(16)}\nAQ==\n-----END CERTIFICATE-----\n`);
    expect(readPem(text)[0]?.bytes).toEqual(Buffer.alloc(49, 1));
  });
});

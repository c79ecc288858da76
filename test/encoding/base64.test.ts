import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeBase64Url } from '../../src/encoding/base64.js';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

describe('decodeBase64Url', () => {
  it('reads every alphabet character and no other byte', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const character = String.fromCharCode(byte);
      const allowed = `${LETTERS}-_`.includes(character);
      expect(decodeBase64Url(`AA${character}A`) !== undefined, `byte ${byte}`).toBe(allowed);
    }
  });

  it.each([
    ['', ''],
    ['AA', '00'],
    ['AAA', '0000'],
    ['_-8', 'ffef'],
  ])('reads %j', (text, hex) => {
    expect(decodeBase64Url(text)?.toString('hex')).toBe(hex);
  });

  it.each(['A', 'AAAAA', 'AA==', 'AAA=', 'AB', 'AAB', 'A A', 'AA\n', '+/+/'])('refuses %j', (text) => {
    expect(decodeBase64Url(text)).toBeUndefined();
  });
});

describe('decodeBase64', () => {
  it('reads every alphabet character and no other byte', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const character = String.fromCharCode(byte);
      const allowed = `${LETTERS}+/`.includes(character);
      expect(decodeBase64(`AA${character}A`) !== undefined, `byte ${byte}`).toBe(allowed);
    }
  });

  it.each([
    ['', ''],
    ['AA==', '00'],
    ['AAA=', '0000'],
    ['/+8=', 'ffef'],
  ])('reads %j', (text, hex) => {
    expect(decodeBase64(text)?.toString('hex')).toBe(hex);
  });

  it.each(['A', 'AA', 'AAA', 'AAAA=', 'AB==', 'AAB=', 'AA==AAAA', '====', 'AAAA\n', '-_-_'])(
    'refuses %j',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );
});

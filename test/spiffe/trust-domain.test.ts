import { describe, expect, it } from 'vitest';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';
import { outcome } from '../fakes/outcome.js';

const read = (text: string): string => outcome(() => TrustDomain.parse(text).name);

describe('TrustDomain', () => {
  it('takes every byte that a name may hold and no other', () => {
    clause(['ID-2.1e', 'ID-2.1d'], () => {
      for (let byte = 0; byte < 256; byte += 1) {
        const name = `a${String.fromCharCode(byte)}b`;
        expect(read(name), `byte ${byte}`).toBe(/^[a-z0-9._-]+$/.test(name) ? name : 'TRUST_DOMAIN_INVALID');
      }
    });
  });

  it('is read from its name or from its own SPIFFE ID', () => {
    expect(read('example.org')).toBe('example.org');
    expect(read('spiffe://example.org')).toBe('example.org');
  });

  it.each([
    '',
    'spiffe://',
    'spiffe://example.org/',
    'spiffe://example.org/web',
    'SPIFFE://example.org',
    'http://a',
  ])('refuses %j', (text) => {
    expect(read(text)).toBe('TRUST_DOMAIN_INVALID');
  });

  it('has at most 255 bytes', () => {
    clause('ID-2.3c', () => {
      expect(read('a'.repeat(255))).toBe('a'.repeat(255));
      expect(read('a'.repeat(256))).toBe('TRUST_DOMAIN_INVALID');
    });
  });

  it('is neither stripped nor canonicalised, whatever it looks like', () => {
    clause(['ID-2.1g', 'ID-2.1h'], () => {
      const names = [
        '10.0.0.1',
        '010.0.0.1',
        '_',
        '-a.',
        'a..b',
        '...',
        'example.org.',
        'x'.repeat(100),
        'xn--80ak6aa92e',
      ];
      expect(names.map(read)).toEqual(names);
      expect(TrustDomain.parse('010.0.0.1').equals(TrustDomain.parse('10.0.0.1'))).toBe(false);
      expect(TrustDomain.parse('a.').equals(TrustDomain.parse('a'))).toBe(false);
      expect(read('[::1]')).toBe('TRUST_DOMAIN_INVALID');
      expect(read('::1')).toBe('TRUST_DOMAIN_INVALID');
    });
  });

  it('has a SPIFFE ID of its own, without a path, and prints as its name', () => {
    const trustDomain = TrustDomain.parse('example.org');
    expect(trustDomain.id.toString()).toBe('spiffe://example.org');
    expect(trustDomain.id.path).toBe('');
    expect(`${trustDomain.toString()} ${JSON.stringify({ trustDomain })}`).toBe(
      'example.org {"trustDomain":"example.org"}',
    );
  });
});

import type { Entry } from '../../src/entries/entry.js';

/** An entry set by command for user 1000, but for what `wish` says. */
export function anEntry(wish: Partial<Entry> = {}): Entry {
  return {
    id: 'web',
    spiffeId: 'spiffe://example.org/web',
    selectors: ['unix:uid:1000'],
    dnsNames: [],
    hint: '',
    federatesWith: [],
    createdAt: new Date('2030-01-01T00:00:00Z'),
    source: { kind: 'store' },
    ...wish,
  };
}

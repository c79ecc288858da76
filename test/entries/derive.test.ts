import { describe, expect, it } from 'vitest';
import { EntrySet } from '../../src/entries/entry-set.js';
import type { Entry, MatchResult } from '../../src/entries/entry.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { anEntry } from '../fakes/an-entry.js';

const EXAMPLE = TrustDomain.parse('example.org');
const NOW = new Date('2030-06-01T00:00:00Z');
const AGENT = 'spiffe://example.org/agent/researcher';
/** What holds for the launched process, and for the shell below it. */
const PARENT = [
  'launch:name:researcher',
  'script:path:/opt/researcher.mjs',
  'unix:uid:1000',
  'unix:user:alice',
];
const SHELL = ['unix:path:/usr/bin/bash', 'unix:uid:1000', 'unix:user:alice'];

function agent(wish: Partial<Entry> = {}): Entry {
  return anEntry({
    id: 'agent',
    spiffeId: AGENT,
    selectors: ['launch:name:researcher'],
    descendants: 'derive',
    ...wish,
  });
}

function below(
  entries: readonly Entry[],
  executable: string | undefined = 'bash',
  parentSelectors: readonly string[] = PARENT,
): MatchResult {
  return EntrySet.of(entries, EXAMPLE).matchDescendant(
    { selectors: SHELL, executable, parentSelectors },
    NOW,
  );
}

function idsOf({ matches }: MatchResult): string[] {
  return matches.map(({ entry, spiffeId }) => `${entry.id} ${spiffeId.toString()}`);
}

function reasonsOf({ refused }: MatchResult): string[] {
  return refused.map(({ entry, reason }) => `${entry.id}: ${reason}`);
}

describe('EntrySet, of a descendant', () => {
  it('matches nothing: neither the entry of the launched process, nor one that asks for its own uid only', () => {
    const entries = [agent({ descendants: 'deny' }), anEntry({ id: 'uid', selectors: ['unix:uid:1000'] })];
    const { descendants: _none, ...silent } = agent();
    for (const set of [[silent], [silent, ...entries.slice(1)]]) {
      expect(below(set)).toEqual({ matches: [], refused: [] });
    }
    expect(below([anEntry({ id: 'shell', selectors: ['unix:path:/usr/bin/bash'] })]).matches).toEqual([]);
  });

  it('derives an id from that of the launched process, with the file name of its executable', () => {
    expect(idsOf(below([agent()]))).toEqual([`agent ${AGENT}/child/bash`]);
    const templated = agent({ spiffeId: 'spiffe://example.org/{launch.name}/{unix.user}' });
    expect(idsOf(below([templated]))).toEqual(['agent spiffe://example.org/researcher/alice/child/bash']);
  });

  it('fills a template with its executable and its own selectors, not with those of the launched process', () => {
    const own = agent({ descendants: 'spiffe://example.org/tools/{unix.user}/{process.executable}' });
    expect(idsOf(below([own]))).toEqual(['agent spiffe://example.org/tools/alice/bash']);
    const other = agent({ descendants: 'spiffe://example.org/tools/{script.path}' });
    expect(reasonsOf(below([other]))).toEqual([
      'agent: {script.path} needs one script:path selector, the process has 0',
    ]);
  });

  it.each([
    ['my tool', 'it is "my tool"'],
    ['memfd:x', 'it is "memfd:x"'],
    ['..', 'it is ".."'],
    ['', 'it is ""'],
    ['a%20b', 'it is "a%20b"'],
    ['jürgen', 'it is "jürgen"'],
    ['{unix.user}', 'it is "{unix.user}"'],
    ['a'.repeat(2_048), 'longer than 2048 bytes'],
    [undefined, 'the path of its executable is not known'],
  ])('escapes nothing: refuses an executable called %j, with the reason', (executable, reason) => {
    const facts = { selectors: SHELL, executable, parentSelectors: PARENT };
    const result = EntrySet.of([agent()], EXAMPLE).matchDescendant(facts, NOW);
    expect(result.matches).toEqual([]);
    expect(reasonsOf(result)).toEqual([expect.stringContaining(reason)]);
  });

  it('never gives an id of the launched process, however the executable is called', () => {
    const template = agent({ descendants: 'spiffe://example.org/agent/{process.executable}' });
    const second = agent({
      id: 'second',
      spiffeId: 'spiffe://example.org/agent/second',
      descendants: 'derive',
    });
    const ofAgent = 'agent: it would be the SPIFFE ID of the launched process itself';
    expect(reasonsOf(below([template], 'researcher'))).toEqual([ofAgent]);
    expect(reasonsOf(below([template, second], 'second'))).toEqual([ofAgent]);
    expect(idsOf(below([template], 'bash'))).toEqual(['agent spiffe://example.org/agent/bash']);
  });

  it('derives nothing from an entry that the launched process itself cannot use, and says why', () => {
    const over = agent({ id: 'over', expiresAt: new Date('2030-05-01T00:00:00Z') });
    const older = agent({ id: 'older', hint: 'main', createdAt: new Date(0), selectors: ['unix:uid:1000'] });
    const newer = agent({ id: 'newer', hint: 'main' });
    const silent = agent({ id: 'silent', spiffeId: 'spiffe://example.org/{unix.group}' });
    const { descendants: _none, ...denying } = older;
    const { matches, refused } = below([over, denying, newer, { ...silent, descendants: 'derive' }]);
    expect(matches).toEqual([]);
    expect(refused.map(({ entry }) => entry.id)).toEqual(['over', 'silent', 'newer']);
  });

  it('issues nothing outside of the own trust domain, however the template came in', () => {
    const foreign = agent({ descendants: 'spiffe://other.test/{process.executable}' });
    expect(reasonsOf(below([foreign]))).toEqual([
      'agent: its SPIFFE ID is not in the trust domain example.org',
    ]);
  });

  it('has lifetimes, hint and trust domains of the entry, and none of its DNS names', () => {
    const entry = agent({
      x509SvidTtlSeconds: 60,
      hint: 'main',
      federatesWith: ['partner.test'],
      dnsNames: ['agent.internal'],
    });
    expect(below([entry]).matches.map((match) => match.entry)).toEqual([{ ...entry, dnsNames: [] }]);
    expect(entry.dnsNames).toEqual(['agent.internal']);
  });

  it('matches nothing when it is not known what holds for the launched process', () => {
    expect(below([agent()], 'bash', [])).toEqual({ matches: [], refused: [] });
  });
});

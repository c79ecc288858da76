import { describe, expect, it } from 'vitest';
import {
  descendantIdFault,
  fillDescendantTemplate,
  fillTemplate,
  spiffeIdFault,
} from '../../src/entries/template.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';

const EXAMPLE = TrustDomain.parse('example.org');
const AGENT = 'spiffe://example.org/agent/{unix.user}';

describe('spiffeIdFault', () => {
  it.each([
    'spiffe://example.org/web',
    'spiffe://example.org/spire/agent',
    AGENT,
    'spiffe://example.org/{unix.uid}/{unix.gid}/x-{unix.user}.y',
    'spiffe://example.org/{launch.name}/{script.sha256}',
    `spiffe://example.org/${'a'.repeat(2027)}`,
  ])('finds nothing wrong with %s', (text) => {
    expect(spiffeIdFault(text, EXAMPLE)).toBeUndefined();
  });

  it.each([
    ['spiffe://other.test/web', 'a SPIFFE ID of example.org with a path'],
    ['spiffe://example.org', 'a SPIFFE ID of example.org with a path'],
    ['spiffe://example.org.evil/web', 'a SPIFFE ID of example.org with a path'],
    ['spiffe://{unix.user}/web', 'a SPIFFE ID of example.org with a path'],
    ['spiffe://example.org/', 'the path has an empty segment'],
    ['spiffe://example.org/a b', 'a path segment may hold only'],
    ['spiffe://example.org/{unix.udi}', 'in the place of {unix.udi}'],
    ['spiffe://example.org/{unix:user}', 'in the place of {unix:user}'],
    ['spiffe://example.org/{process.executable}', 'in the place of {process.executable}'],
    ['spiffe://example.org/{}', 'in the place of {}'],
    ['spiffe://example.org/{unix.user', 'a path segment may hold only'],
    ['spiffe://example.org/{unix.user}}', 'a path segment may hold only'],
  ])('says what would be allowed instead of %s', (text, allowed) => {
    expect(spiffeIdFault(text, EXAMPLE)).toContain(allowed);
  });

  it('refuses an id of 2,049 bytes and takes one of 2,048', () => {
    const longest = `spiffe://example.org/${'a'.repeat(2048 - 21)}`;
    clause('ID-2.3b', () => {
      expect(spiffeIdFault(longest, EXAMPLE)).toBeUndefined();
      expect(spiffeIdFault(`${longest}a`, EXAMPLE)).toContain('longer than 2048 bytes');
    });
  });
});

describe('descendantIdFault', () => {
  it('takes the executable and what a descendant has of its own', () => {
    const text = 'spiffe://example.org/agent/{unix.user}/{process.executable}';
    expect(descendantIdFault(text, EXAMPLE)).toBeUndefined();
  });

  it.each([
    ['spiffe://example.org/{launch.name}', 'one of {process.executable}, {unix.uid}'],
    ['spiffe://example.org/{script.sha256}', 'in the place of {script.sha256}'],
    ['spiffe://other.test/{process.executable}', 'a SPIFFE ID of example.org with a path'],
    ['spiffe://example.org/{process.executable}/', 'the path has an empty segment'],
  ])('says what would be allowed instead of %s', (text, allowed) => {
    expect(descendantIdFault(text, EXAMPLE)).toContain(allowed);
  });
});

describe('fillDescendantTemplate', () => {
  const TOOL = 'spiffe://example.org/{unix.user}/{process.executable}';

  it('fills in the file name of the executable beside the selectors', () => {
    const id = fillDescendantTemplate(TOOL, ['unix:user:alice'], 'git');
    expect(String(id)).toBe('spiffe://example.org/alice/git');
  });

  it('says so where the executable is not known and asked for', () => {
    const plain = fillDescendantTemplate('spiffe://example.org/{unix.user}', ['unix:user:alice'], undefined);
    expect(String(plain)).toBe('spiffe://example.org/alice');
    expect(fillDescendantTemplate(TOOL, ['unix:user:alice'], undefined)).toBe(
      'the path of its executable is not known',
    );
  });
});

describe('fillTemplate', () => {
  it('fills in the one value of each selector', () => {
    const selectors = ['unix:uid:1000', 'unix:user:alice', 'unix:user_name:mallory'];
    expect(String(fillTemplate(`${AGENT}/{unix.uid}`, selectors))).toBe(
      'spiffe://example.org/agent/alice/1000',
    );
  });

  it('gives an id without places as it is', () => {
    expect(String(fillTemplate('spiffe://example.org/web', []))).toBe('spiffe://example.org/web');
  });

  it.each([
    ['of no selector of that name', [], '{unix.user} needs one unix:user selector, the process has 0'],
    [
      'of several',
      ['unix:user:a', 'unix:user:b'],
      '{unix.user} needs one unix:user selector, the process has 2',
    ],
    ['of a slash', ['unix:user:a/b'], 'it is "a/b"'],
    ['of two dots', ['unix:user:..'], 'it is ".."'],
    ['of a place', ['unix:user:{unix.uid}', 'unix:uid:0'], 'it is "{unix.uid}"'],
    ['of a letter beyond ASCII', ['unix:user:jürgen'], 'it is "jürgen"'],
    ['of a dollar pattern', ['unix:user:$&'], 'it is "$&"'],
    ['of its length', [`unix:user:${'a'.repeat(2048)}`], 'longer than 2048 bytes'],
  ])('refuses because %s', (_, selectors, reason) => {
    expect(fillTemplate(AGENT, selectors)).toContain(reason);
  });
});

import { describe, expect, it } from 'vitest';
import {
  parsePositionedYaml,
  type PositionedYaml,
  type YamlPath,
} from '../../src/encoding/positioned-yaml.js';
import { readEntryLines } from '../../src/entries/entry-lines.js';
import { SeededRandom } from '../fakes/seeded-random.js';

/** Read line by line. */
const PLAIN: Readonly<Record<string, string>> = {
  'an entry with a list in brackets': `
entries:
  - id: web
    spiffe_id: spiffe://example.org/web
    selectors: [unix:uid:1000, unix:path:/usr/bin/node]
`,
  'lists below their keys, at both depths': `entries:
- id: web
  selectors:
  - unix:uid:1000
  - unix:path:/usr/bin/node
  dns_names:
      - web.example.org

      # the old name
      - www.example.org
  hint: internal
- id: db
  selectors:
    - unix:uid:1
`,
  'comments, empty lines and a document mark': `# entries of this node
---
# more

entries: # all of them
  # the web server
  - id: web # why not
    hint: a-b
    # zwischen: für alle
    selectors: [unix:uid:1000, unix:gid:5]   # both

  -   id: db
      hint:   two words
`,
  quotes: `entries:
  - id: "web"
    hint: 'it # is: [quoted], {so}'
    spiffe_id: "spiffe://example.org/{unix.user}" # a template
    selectors: ["unix:uid:1000", 'unix:path:/a']
    dns_names:
      - "a.b"
      - 'c.d'
    empty: ""
`,
  'text that looks like something else': `entries:
  - id: 1a
    hint: 15m
    a: 2030-01-01T00:00:00Z
    b: yes
    c: on
    d: 0x
    e: 1.2.3
    f: nullx
    g: 1e
    h: a:b:c
    i: /a/b
    j: "true"
    k: '12'
    l: [1a, no]
    m: .
    n: 08a
    o: 0b1
    p: 1_000
    q: 12:30:45
    r: _x
    s: a=
    t: a}b{c
    u: inf
`,
  'no entries': 'entries: []\n',
  'no entries, with room': 'entries: [ ] # none\n\n',
  'no end of line at the end': 'entries:\n  - id: a\n    selectors: []',
  'spaces at the ends of lines': 'entries:  \n  - id: a  \n    hint: b \n    selectors:  \n      - c \n',
};

/** Left to the full parser. */
const OTHER: Readonly<Record<string, string>> = {
  nothing: '',
  'only a comment': '# nothing\n',
  'a number': 'entries:\n  - id: 12\n',
  'an octal number': 'entries:\n  - id: 0o17\n',
  'a fraction': 'entries:\n  - id: .5\n',
  'a power': 'entries:\n  - id: 1e3\n',
  infinity: 'entries:\n  - id: .inf\n',
  'a truth': 'entries:\n  - id: true\n',
  'nothing as a value': 'entries:\n  - id: null\n',
  'nothing after a key': 'entries:\n  - id:\n    hint: a\n',
  'nothing at the end': 'entries:\n  - id: a\n    hint:\n',
  'a number in a list': 'entries:\n  - selectors: [a, 1]\n',
  'a list in a list': 'entries:\n  - selectors: [[a]]\n',
  'a mapping in a list': 'entries:\n  - selectors: [{a: b}]\n',
  'a mapping below a key': 'entries:\n  - id:\n      a: b\n',
  'a mapping in a list below': 'entries:\n  - selectors:\n      - a: b\n',
  'a list over two lines': 'entries:\n  - selectors: [a,\n      b]\n',
  'an open list': 'entries:\n  - selectors: [a\n',
  'an empty place in a list': 'entries:\n  - selectors: [a, , b]\n',
  'a comma in quotes': 'entries:\n  - selectors: ["a, b", c]\n',
  'a quote in quotes': "entries:\n  - hint: 'it''s'\n",
  'an escape': 'entries:\n  - hint: "a\\n"\n',
  'text over two lines': 'entries:\n  - hint: a\n      b\n',
  'text over two lines with a key in it': 'entries:\n  - hint: a\n      b: c\n',
  'a block of text': 'entries:\n  - hint: |\n      a\n',
  'an anchor': 'entries:\n  - hint: &a b\n',
  'an alias': 'entries:\n  - hint: *a\n',
  'a tag': 'entries:\n  - hint: !!str 12\n',
  'an unknown key beside': 'entries: []\nmore: 1\n',
  'entries twice': 'entries:\n  - id: a\nentries:\n  - id: b\n',
  'a key twice': 'entries:\n  - id: a\n    id: b\n',
  'a name of every object': 'entries:\n  - constructor: a\n',
  'a wrong depth': 'entries:\n  - id: a\n     hint: b\n',
  'an item at another depth': 'entries:\n  - id: a\n - id: b\n',
  'an item below an empty list': 'entries: []\n  - id: a\n',
  'a tab': 'entries:\n  - id: a\n    hint:\tb\n',
  'a tab in front': 'entries:\n  - id: a\n\thint: b\n',
  'other ends of lines': 'entries:\r\n  - id: a\r\n',
  'two documents': 'entries:\n  - id: a\n---\nentries: []\n',
  'an item that is text': 'entries:\n  - a\n',
  'an item below its dash': 'entries:\n  -\n    id: a\n',
  'a colon without room': 'entries:\n  - id:a\n',
  'a colon at the end': 'entries:\n  - id: a:\n',
  'a colon within': 'entries:\n  - id: a: b\n',
  'letters beyond ASCII': 'entries:\n  - hint: Büro\n',
  'a hard space at the end': 'entries:\n  - hint: b\u00a0\n',
  'a sign of order': '\uFEFFentries:\n  - id: a\n',
  'an object in braces': '{entries: [{id: a}]}\n',
  'another top': '- id: a\n',
  'a capital key': 'entries:\n  - Id: a\n',
  'an indicator in front': 'entries:\n  - id: @a\n',
};

describe('readEntryLines', () => {
  it.each(Object.entries(PLAIN))('reads %s as a full parser does', (_, text) => {
    expect(read(text)).toEqual(fully(text));
  });

  it.each(Object.entries(OTHER))('leaves %s to the full parser, and says at which line', (_, text) => {
    expect(read(text)).toEqual(expect.any(Number));
  });

  it('never reads anything in another way than a full parser', () => {
    const random = new SeededRandom(11);
    const lines = Object.values({ ...PLAIN, ...OTHER }).flatMap((text) => text.split('\n'));
    const pieces = [
      ...lines,
      '  - id: x',
      '    hint: y',
      '    selectors:',
      '      - z',
      'entries:',
      '- a',
      ': ',
      ' #',
      '"',
      "'",
    ];
    const pick = (): string => pieces[random.below(pieces.length)] ?? '';
    let plain = 0;
    for (let round = 0; round < 5_000; round++) {
      const base = Object.values(PLAIN)[random.below(9)]?.split('\n') ?? [];
      for (let edits = 1 + random.below(3); edits > 0; edits--)
        base.splice(random.below(base.length), random.below(2), pick());
      const document = read(base.join('\n'));
      if (typeof document === 'number') continue;
      plain += 1;
      expect(document).toEqual(fully(base.join('\n')));
    }
    expect(plain).toBeGreaterThan(500);
  });

  it('gives a big file in slices, so that others are let work in between', () => {
    const text = `entries:\n${Array.from({ length: 1_200 }, (_, at) => `- id: e${at}\n  list:\n  - a\n`).join('')}`;
    const slices = [...readEntryLines(text)];
    expect(slices.map(({ first, items }) => [first, items.length])).toEqual([
      [0, 500],
      [500, 500],
      [1_000, 200],
    ]);
    expect(slices[2]?.items[1]).toEqual({ id: 'e1001', list: ['a'] });
    expect(slices[2]?.lineOf(['entries', 1_001, 'list', 0])).toBe(2 + 1_001 * 3 + 2);
    expect(slices[2]?.foundAt(['entries', 1_001, 'id'])).toBe('e1001');
  });
});

interface Reading {
  readonly items: readonly unknown[];
  /** Line and text of every place in them, and of places that are not there. */
  readonly places: readonly (readonly [path: string, line: number, found: string])[];
}

function read(text: string): Reading | number {
  const reading = { items: [] as unknown[], places: [] as Reading['places'][number][] };
  const slices = readEntryLines(text);
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value ?? reading;
    reading.items.push(...step.value.items);
    reading.places.push(...placesIn(step.value.items, step.value.first, step.value));
  }
}

/** What a full parser makes of it. */
function fully(text: string): Reading {
  const document = parsePositionedYaml(text);
  expect(document.faults).toEqual([]);
  expect(Object.keys(document.value as object)).toEqual(['entries']);
  const { entries: items } = document.value as { entries: unknown[] };
  return { items, places: placesIn(items, 0, document) };
}

function placesIn(
  items: readonly unknown[],
  first: number,
  document: Pick<PositionedYaml, 'lineOf' | 'foundAt'>,
): Reading['places'] {
  const paths = items.flatMap((item, at) => [...pathsIn(item, ['entries', first + at])]);
  return paths.map((path) => [path.join('.'), document.lineOf(path), document.foundAt(path)]);
}

function* pathsIn(value: unknown, path: YamlPath): Generator<YamlPath> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    yield* pathsIn(each, [...path, Array.isArray(value) ? Number(key) : key]);
  }
  if (!Array.isArray(value)) yield [...path, 'absent'];
}

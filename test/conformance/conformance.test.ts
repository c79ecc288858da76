import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clause } from './prove.js';
import { countProofs, describeCount } from './proof-count.js';
import { idsToProve, REQUIREMENTS } from './requirements.js';

describe('the table of requirements', () => {
  it('has every number once', () => {
    const ids = REQUIREMENTS.map(({ id }) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it('has as many lines for each document as the standards have', () => {
    const counts: Record<string, number> = {};
    for (const { id } of REQUIREMENTS) {
      const document = id.slice(0, id.indexOf('-'));
      counts[document] = (counts[document] ?? 0) + 1;
    }
    expect(counts).toEqual({
      ID: 27,
      X509: 33,
      JWT: 23,
      WIT: 25,
      TDB: 17,
      FED: 24,
      WEP: 17,
      WAPI: 42,
      BEP: 7,
      BAPI: 14,
      AMB: 11,
      DEF: 7,
    });
  });

  it('says why for every line that is not to be proven, and for no other', () => {
    const explained = REQUIREMENTS.filter(({ reason }) => reason !== undefined).map(({ id }) => id);
    const toProve = idsToProve();
    expect(explained).toEqual(REQUIREMENTS.map(({ id }) => id).filter((id) => !toProve.includes(id)));
  });

  it('offers whole documents or none of them: only federation and broker are not offered', () => {
    const notOffered = REQUIREMENTS.filter(({ status }) => status === 'not offered').map(({ id }) => id);
    expect(new Set(notOffered.map((id) => id.slice(0, id.indexOf('-'))))).toEqual(
      new Set(['FED', 'BEP', 'BAPI', 'AMB']),
    );
  });

  it('is met by tests whose literal numbers all stand in it', () => {
    const known = new Set(REQUIREMENTS.map(({ id }) => id));
    const root = new URL('../', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.test.ts'),
    );
    const used = files.flatMap((file) =>
      [...readFileSync(new URL(file, root), 'utf8').matchAll(/\bclause\(\s*'([^']+)'/g)].map(
        ([, id = '']) => id,
      ),
    );
    expect(used.filter((id) => !known.has(id as never))).toEqual([]);
  });
});

describe('clause', () => {
  it('notes the number when what it expects holds', ({ task }) => {
    clause('ID-2a', () => {
      expect(task.meta.clauses).toBeUndefined();
    });
    expect(task.meta.clauses).toEqual(['ID-2a']);
    // This test proves nothing about SPIFFE.
    task.meta.clauses = [];
  });

  it('notes nothing when the proof fails, or expects nothing, or is no number to prove', ({ task }) => {
    expect(() => clause('ID-2a', () => expect(1).toBe(2))).toThrow('expected 1 to be 2');
    expect(() => clause('ID-2a', () => {})).toThrow('nothing was expected for ID-2a');
    expect(() => clause('FED-5a', () => expect(1).toBe(1))).toThrow(
      'FED-5a is not a number that is to be proven',
    );
    expect(task.meta.clauses).toBeUndefined();
  });

  it('waits for a proof that takes time', async ({ task }) => {
    const failing = clause('ID-2a', async () => {
      await expect(Promise.resolve(1)).resolves.toBe(2);
    });
    await expect(failing).rejects.toThrow('expected 1 to be 2');
    expect(task.meta.clauses).toBeUndefined();
  });
});

describe('countProofs', () => {
  it('counts a number only where a passed test carries it', () => {
    const tests = [
      { passed: true, clauses: ['ID-2a'] },
      { passed: false, clauses: ['ID-2b'] },
    ];
    const count = countProofs(['ID-2a', 'ID-2b'], tests);
    expect(count).toEqual({ proven: ['ID-2a'], missing: ['ID-2b'] });
    expect(describeCount(count, REQUIREMENTS)).toBe(
      [
        'conformance: 1 of 2 clauses of the SPIFFE standards are proven',
        '  ID-2b MUST (*) the trust domain is not empty',
      ].join('\n'),
    );
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadersTable, metricsTable, settingsTable } from './readme-tables.js';

const ROOT = new URL('../../', import.meta.url);
const README = readFileSync(new URL('README.md', ROOT), 'utf8');
const HOUSE = readFileSync(new URL('src/README.md', ROOT), 'utf8');
const PACKAGE = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
};

describe('the README', () => {
  it('lists every setting with its default, as the schema has it', () => {
    expect(between('settings')).toBe(settingsTable());
  });

  it('lists every metric, as the code has it', () => {
    expect(between('metrics')).toBe(metricsTable());
  });

  it('lists everything that a loader does not keep as usual', () => {
    expect(between('loaders')).toBe(loadersTable());
  });

  it('says what user mode does not do', () => {
    expect(README).toMatch(/user mode: same-uid processes are not kept apart/);
  });

  it('names only scripts that package.json has', () => {
    const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => PACKAGE.scripts[script] === undefined)).toEqual([]);
  });
});

describe('src/README.md', () => {
  it('says of every dependency what it saves', () => {
    const explained = HOUSE.slice(HOUSE.indexOf('## Dependencies'));
    const missing = Object.keys(PACKAGE.dependencies).filter(
      (name) => !new RegExp(`[|,] ${name}\\b`).test(explained),
    );
    expect(missing).toEqual([]);
  });
});

function between(mark: string): string | undefined {
  return new RegExp(`<!-- ${mark} -->\\n\\n?([^]*?)\\n?\\n<!-- /${mark} -->`).exec(README)?.[1];
}

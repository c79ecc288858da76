import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './command-line.js';

/** What bash offers for the last of `words`. */
async function offered(...words: readonly string[]): Promise<string[]> {
  await using line = await CommandLine.open();
  const { out } = await line.run(['completion', 'bash']);
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = `${out}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _spoor; echo "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
}

describe('spoor completion', () => {
  it('offers commands, commands of a group, and options', async () => {
    expect(await offered('spoor', 'ex')).toEqual(['explain']);
    expect(await offered('spoor', 'entry', 'a')).toEqual(['add']);
    expect(await offered('spoor', 'fetch', 'x509', '--w')).toEqual(['--write', '--wait']);
  });

  it('knows the command behind options that come before', async () => {
    expect(await offered('spoor', 'fetch', 'jwt', '--audience', 'api', '--r')).toEqual(['--raw']);
  });

  it('loads what bash has into zsh first', async () => {
    await using line = await CommandLine.open();
    const { out } = await line.run(['completion', 'zsh']);
    expect(out.split('\n')[0]).toBe('autoload -U +X bashcompinit && bashcompinit');
  });
});

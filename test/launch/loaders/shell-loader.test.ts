import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  GATE_CLOSED,
  LOADER_FAILURE,
  NOT_STARTED,
  type Loaded,
  type LoaderInput,
} from '../../../src/launch/loaders/loader.js';
import { loadWithBash, loadWithShell } from '../../../src/launch/loaders/shell.js';
import { loadedRun, plainRun, type RunOutcome } from '../../fakes/loaded-script.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const EVIL = 'echo EVIL\n'.repeat(40);

interface Shell {
  readonly name: string;
  readonly command: string;
  readonly load: (input: LoaderInput) => Loaded;
}

const version = spawnSync('/bin/bash', ['-c', 'echo $BASH_VERSINFO'], { encoding: 'utf8' }).stdout ?? '';
const SHELLS: readonly Shell[] = [
  ...(Number(version) >= 5 ? [{ name: 'bash', command: '/bin/bash', load: loadWithBash }] : []),
  { name: 'bash before 5.0', command: '/bin/bash', load: loadWithShell },
  { name: 'sh', command: '/bin/sh', load: loadWithShell },
].filter(({ command }) => existsSync(command));

interface Case {
  readonly name: string;
  readonly script: string;
  readonly shellArgs?: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'its name', script: 'echo "$0 $(dirname "$0") $(basename "$0")"' },
  {
    name: 'its arguments',
    script: 'echo "$# <$1> <$2> $*"; for a in "$@"; do echo "[$a]"; done; shift; echo "$1 ${3-none}"',
  },
  {
    name: 'no variables of the loader',
    script: 'set | grep ^_spoor || echo none; env | grep ^_spoor || echo none',
  },
  { name: 'exit codes', script: 'exit 7' },
  { name: 'the code of its last command', script: '(exit 5)' },
  { name: 'standard input', script: 'read -r line; echo "first $line"; cat' },
  { name: 'set -e', script: 'set -e\nfalse\necho never' },
  { name: '-e -u before it', script: 'echo "${nothing}"\necho never', shellArgs: ['-eu'] },
  {
    name: 'an option of its own',
    script: 'false | true; echo $?; case $- in *f*) echo f;; esac',
    shellArgs: ['-f'],
  },
  {
    name: 'functions and here-documents',
    script: 'f() {\n  cat <<END\n$1 ${2}\nEND\n}\nf one two\ncat <<"END"\n$raw\nEND',
  },
  { name: 'a here-document at its end', script: 'cat <<END\nlast' },
  { name: 'traps', script: 'trap "echo bye" EXIT\ntrap "echo term" TERM\nkill -TERM $$\necho after' },
  { name: 'a signal', script: 'kill -KILL $$' },
  { name: 'exec', script: 'exec echo replaced "$0"' },
  { name: 'a line that fails', script: 'echo one\n\nnosuchcommand\nf() {\n  nosuchother\n}\nf\n' },
  { name: 'a syntax error after commands', script: 'echo one\nif fi\necho never\n' },
  { name: 'a first line with an interpreter', script: '#!/bin/sh\necho ok\n# end' },
  { name: 'an empty script', script: '' },
  { name: 'only a comment', script: '# nothing' },
  { name: 'a script without a last line end', script: 'echo a\necho b' },
  { name: 'background work', script: '(sleep 0.05; echo late) &\nwait\necho done' },
  { name: 'the descriptors that children get', script: 'ls /proc/self/fd' },
  { name: 'quotes', script: `echo 'it'\\''s' "a \\"b\\" \\$c" \`echo d\`` },
];

const OF_BASH: readonly Case[] = [
  { name: 'lines', script: '\necho $LINENO\nf() {\n  echo $LINENO\n}\nf\n' },
  {
    name: 'options',
    script: 'echo $- $SHELLOPTS $BASHOPTS',
    shellArgs: ['-eu', '-o', 'pipefail', '-O', 'extglob'],
  },
  {
    name: 'callers',
    script: 'f() { echo "${FUNCNAME[@]}" "${BASH_LINENO[@]}"; caller | cut -d" " -f1; }\nf',
  },
  { name: 'a return outside of functions', script: 'return 3\necho "after $?"' },
  { name: 'whether it is sourced', script: '(return 0 2>/dev/null) && echo sourced || echo run' },
  {
    name: 'the command of -c',
    script: 'echo "${BASH_EXECUTION_STRING-none}" "$BASHPID $$" | sed "s/[0-9]//g"',
  },
  { name: 'an error trap', script: 'trap \'echo "failed in line $LINENO"\' ERR\n\nfalse\necho on' },
  { name: 'arrays', script: 'a=(one "two three")\nmapfile -t b <<<"x"\necho "${#a[@]} ${a[1]} ${b[0]}"' },
];

/** Runs a script as the shell does, then with other contents on disk as a launch does. */
async function both(
  { command, load }: Shell,
  { script, shellArgs = [] }: Case,
): Promise<{ readonly plain: RunOutcome; readonly loaded: RunOutcome }> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'script.sh');
  await writeFile(path, script);
  const argv = [command, ...shellArgs, path, 'an argument', '--flag'];
  const options = { input: 'one\ntwo\n' };
  const plain = await plainRun(argv, options);
  await writeFile(path, EVIL);
  const input = { argv, scriptAt: argv.indexOf(path), scriptPath: path };
  const loaded = await loadedRun(load, input, script, options);
  // Messages name the loader's file where they would name the script's, or say that it is evaluated.
  const err = loaded.err.replaceAll('/proc/self/fd/4: ', `${path}: `).replaceAll('eval: ', '');
  return { plain: { ...plain, err: once(plain.err) }, loaded: { ...loaded, err: once(err) } };
}

/** A message that names the script twice, `s.sh: 3: s.sh: no`, as one that names it once. */
function once(text: string): string {
  return text.replace(/^(\S+: )(.*?)\1/gmu, '$1$2');
}

describe.each(SHELLS)('a script that $name runs from its descriptor', (shell) => {
  it.each(CASES)('is as it would be from disk: $name', async (given) => {
    const { plain, loaded } = await both(shell, given);
    expect(loaded).toEqual(plain);
  });

  it.each([
    ['nothing', ''],
    ['another word', 'stop\n'],
    ['half a word', 'g'],
  ])('does not run when the gate says %s', async (_, gate) => {
    const input = { argv: [shell.command, '-eu', '/x/s.sh'], scriptAt: 2, scriptPath: '/x/s.sh' };
    const outcome = await loadedRun(shell.load, input, 'echo run', { gate });
    expect(outcome).toEqual({
      code: LOADER_FAILURE,
      signal: null,
      out: '',
      err: `${NOT_STARTED} ${GATE_CLOSED}\n`,
    });
  });
});

describe.each(SHELLS.filter(({ load }) => load === loadWithBash))(
  'a script that bash 5 runs from its descriptor',
  (shell) => {
    it.each(OF_BASH)('is as it would be from disk: $name', async (given) => {
      const { plain, loaded } = await both(shell, given);
      expect(loaded).toEqual(plain);
    });

    it('is read whole before it begins, whatever its size and its bytes', async () => {
      const script = Buffer.concat([
        Buffer.from(`${'# a comment\n'.repeat(100_000)}x='`),
        Buffer.from([0xff, 0xe9, 0x80]),
        Buffer.from(`'\nprintf %s "$x" | od -An -tx1\necho "$LINENO"`),
      ]);
      const input = { argv: [shell.command, '/x/s.sh'], scriptAt: 1, scriptPath: '/x/s.sh' };
      expect(await loadedRun(shell.load, input, script)).toMatchObject({
        code: 0,
        out: ' ff e9 80\n100003\n',
        err: '',
      });
    });
  },
);

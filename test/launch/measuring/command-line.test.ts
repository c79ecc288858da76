import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { understand } from '../../../src/launch/measuring/command-line.js';
import { GRAMMARS } from '../../../src/launch/measuring/interpreters.js';

/** Command lines whose script is `/s/x`; everything else in them belongs to the interpreter. */
const WITH_SCRIPT = `
  node       /usr/bin/node /s/x a
  node       /usr/bin/node22 /s/x
  node       /usr/bin/nodejs -r /opt/r.cjs --require /opt/q.cjs --import /opt/i.mjs /s/x
  node       /usr/bin/node --require=/opt/q.cjs --env-file=/etc/e -C dev /s/x --eval 1
  node       /usr/bin/node --max-old-space-size=100 --expose-gc --inspect -- /s/x
  node       /usr/bin/node --enable-source-maps --experimental-strip-types --no-warnings /s/x
  node       /usr/bin/node --env_file /etc/e --title=a_b --experimental_loader=x /s/x
  python     /usr/bin/python3 /s/x -c
  python     /opt/venv/bin/python3.12 -u -B -I -E -P -OO /s/x
  python     /usr/bin/python -uBWignore -X dev -Xutf8 -W error -qW default /s/x
  python     /usr/bin/python3.13t --check-hash-based-pycs always -- /s/x
  deno       /usr/bin/deno run -A --allow-net=example.org --config /etc/deno.json -q /s/x run
  deno       /usr/bin/deno /s/x
  bun        /usr/bin/bun run --smol --preload /opt/p.ts /s/x
  bun        /usr/bin/bun /s/x
  ruby       /usr/bin/ruby -I /opt/lib -r json -rset -Ilib -w -W0 --yjit --encoding utf-8 /s/x
  ruby       /usr/bin/ruby3.2 -wI /opt/lib --disable=gems /s/x
  java       /usr/bin/java -Xmx1g -Dx=y -cp /opt/lib --add-opens a/b=c -jar /s/x -jar
  bash       /bin/bash /s/x -c
  bash       /bin/bash --norc --rcfile /etc/rc -eu -o pipefail -O extglob +O nullglob +x /s/x
  bash       /bin/bash -euo pipefail -- /s/x
  bash       /bin/bash - /s/x
  sh         /bin/sh -eu -o noglob +o noglob /s/x
  sh         /bin/dash - /s/x
`;

const WITHOUT_SCRIPT = `
  node    /usr/bin/node
  node    /usr/bin/node -
  node    /usr/bin/node --
  node    /usr/bin/node -e 1 /s/x
  node    /usr/bin/node --eval=1 /s/x
  node    /usr/bin/node -p 1 /s/x
  node    /usr/bin/node --import /s/x
  node    /usr/bin/node x.mjs
  node    /usr/bin/node inspect /s/x
  node    /usr/bin/node --test /s/x
  node    /usr/bin/node --watch /s/x
  node    /usr/bin/node --run start
  node    /usr/bin/node --check /s/x
  node    /usr/bin/node --build-snapshot /s/x
  node    /usr/bin/node --snapshot-blob=/opt/b /s/x
  node    /usr/bin/node -i /s/x
  node    /usr/bin/node --entry-url file:///s/x
  node    /usr/bin/node --entry_url file:///s/x
  python  /usr/bin/python3
  python  /usr/bin/python3 -
  python  /usr/bin/python3 -c 1 /s/x
  python  /usr/bin/python3 -Bc 1 /s/x
  python  /usr/bin/python3 -m http.server
  python  /usr/bin/python3 -mhttp.server /s/x
  python  /usr/bin/python3 -V /s/x
  python  /usr/bin/python3 -x /s/x
  python  /usr/bin/python3 -Z /s/x
  python  /usr/bin/python3 --new value /s/x
  python  /usr/bin/python3 agent.py
  deno    /usr/bin/deno eval 1
  deno    /usr/bin/deno run npm:cowsay
  deno    /usr/bin/deno run --watch /s/x
  deno    /usr/bin/deno run --new /s/x
  bun     /usr/bin/bun run start
  bun     /usr/bin/bun -e 1
  ruby    /usr/bin/ruby -e 1 /s/x
  ruby    /usr/bin/ruby -S rake
  ruby    /usr/bin/ruby -x /s/x
  java    /usr/bin/java -cp /opt Main
  java    /usr/bin/java -m mod/Main
  java    /usr/bin/java /s/x
  java    /usr/bin/java -jar
  java    /usr/bin/java @/etc/args
  java    /usr/bin/java - -jar /s/x
  bash    /bin/bash -c 1 /s/x
  bash    /bin/bash -euc 1 /s/x
  bash    /bin/bash -s /s/x
  bash    /bin/bash -i /s/x
  bash    /bin/bash -r /s/x
  bash    /bin/bash --new /s/x
  bash    /bin/bash -
  sh      /bin/sh -c 1
  sh      /bin/sh -s /s/x
  sh      /bin/sh -Z /s/x
`;

const rows = (text: string): (readonly [string, readonly string[]])[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .map(([interpreter = '', ...argv]) => [interpreter, argv]);

describe('a command line', () => {
  it.each(rows(WITH_SCRIPT))('of %s has a script: %j', (interpreter, argv) => {
    const at = argv.indexOf('/s/x');
    expect(understand(argv)).toEqual({
      kind: 'script',
      interpreter,
      at,
      path: '/s/x',
      interpreterArgs: argv.slice(1, at),
    });
  });

  it.each(rows(WITHOUT_SCRIPT))('of %s has none: %j', (interpreter, argv) => {
    expect(understand(argv)).toEqual({ kind: 'no-script', interpreter, reason: expect.any(String) });
  });

  it.each([
    '/usr/bin/ls',
    '/opt/agent',
    '/usr/bin/env',
    '/usr/bin/nodemon',
    '/usr/bin/python-config',
    '/bin/rbash',
    '',
  ])('of %j is that of a program', (command) => {
    expect(understand([command, '/s/x'])).toEqual({ kind: 'program' });
  });

  it.each([
    [['/usr/bin/node', '--eval=1'], '--eval takes the code itself from the command line'],
    [['/bin/bash', '-euc', '1'], '-c takes the code itself from the command line'],
    [['/usr/bin/python3', '-mx'], '-m names a module and no file'],
    [['/usr/bin/python3', '-'], 'the script is read from standard input'],
    [['/bin/sh'], 'no script is named, so it reads standard input'],
    [['/usr/bin/python3', 'a.py'], 'the script "a.py" has no absolute path'],
    [['/usr/bin/java', 'Main'], '"Main" is no file that -jar names'],
    [['/bin/bash', '--new', '/s/x'], 'the option --new is not known, so the script behind it cannot be told'],
  ])('%j says why it has no script', (argv, reason) => {
    expect(understand(argv)).toMatchObject({ reason });
  });

  it('knows every option that the Node of these tests says takes a value', () => {
    const help = execFileSync(process.execPath, ['--help'], { encoding: 'utf8' });
    const node = GRAMMARS.find(({ interpreter }) => interpreter === 'node');
    const options = [...help.matchAll(/^ {2}(?:-.*, )?(--[\w-]+)=\.\.\./gmu)].map(([, name = '']) => name);
    expect(options.length).toBeGreaterThan(40);
    expect(options.filter((name) => !node?.withValue.has(name) && !node?.instead.has(name))).toEqual([]);
  });
});

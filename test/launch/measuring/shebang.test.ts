import { describe, expect, it } from 'vitest';
import { shebang } from '../../../src/launch/measuring/shebang.js';

const locate = (name: string): string | undefined => (name === 'node' ? '/usr/bin/node' : undefined);
const read = (line: string): unknown => shebang(Buffer.from(line), locate);

describe('the first line of a script file', () => {
  it.each([
    ['#!/bin/sh\necho', ['/bin/sh']],
    ['#!/bin/sh', ['/bin/sh']],
    ['#! \t/bin/bash \t-e\t \necho', ['/bin/bash', '-e']],
    ['#!/usr/bin/python3 -u -B\n', ['/usr/bin/python3', '-u -B']],
    ['#!/usr/bin/env node\n', ['/usr/bin/node']],
    ['#!/usr/bin/env /opt/node\n', ['/opt/node']],
    ['#!/usr/bin/env -S node --import  x\n', ['/usr/bin/node', '--import', 'x']],
    ['#!/usr/bin/env --split-string=node -x\n', ['/usr/bin/node', '-x']],
  ])('%j names an interpreter', (line, argv) => {
    expect(read(line)).toEqual({ kind: 'interpreter', argv });
  });

  it.each(['', '#', 'echo', ' #!/bin/sh', '\u007fELF'])('%j is none', (line) => {
    expect(read(line)).toEqual({ kind: 'none' });
  });

  it.each([
    '#!\n',
    '#!sh\n',
    `#!/${'x'.repeat(300)}\n`,
    '#!/bin/\0sh\n',
    '#!/usr/bin/env\n',
    '#!/usr/bin/env -i node\n',
    '#!/usr/bin/env A=1 node\n',
    '#!/usr/bin/env ruby\n',
    '#!/usr/bin/env bin/node\n',
    '#!/usr/bin/env -S node "x y"\n',
    '#!/usr/bin/env -S\n',
  ])('%j is unclear', (line) => {
    expect(read(line)).toEqual({ kind: 'unclear', reason: expect.any(String) });
  });

  it('takes a line of 256 bytes with its end, as the kernel does', () => {
    expect(read(`#!/${'x'.repeat(252)}\n`)).toMatchObject({ kind: 'interpreter' });
    expect(read(`#!/${'x'.repeat(253)}\n`)).toMatchObject({ kind: 'unclear' });
  });
});

#!/usr/bin/env node
/** What the daemon must be started with: SIGUSR1 would open an inspector to any process of its uid. */
const NEEDED_FLAG = '--disable-sigusr1';
const LEAST_NODE = 24;

// Nothing is imported statically that an older Node could not even parse.
if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  process.stderr.write(
    `spoord: error: Node.js ${process.versions.node} is too old: ${LEAST_NODE} or later is needed\n`,
  );
  process.exitCode = 3;
} else if (process.execArgv.includes(NEEDED_FLAG)) {
  const { keepCompiledCode } = await import('./compile-cache.js');
  keepCompiledCode();
  const { spoord } = await import('./spoord-command.js');
  process.exitCode = await spoord(process.argv.slice(2));
} else {
  process.execve?.(process.execPath, [
    process.execPath,
    NEEDED_FLAG,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]);
}

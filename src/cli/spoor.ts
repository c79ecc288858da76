#!/usr/bin/env node
const LEAST_NODE = 24;
/** The exit code of the kind `operator`; the table cannot be imported before Node is known to be new enough. */
const OPERATOR = 3;

// Nothing is imported statically that an older Node could not even parse.
if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  process.stderr.write(
    `spoor: error: Node.js ${process.versions.node} is too old: ${LEAST_NODE} or later is needed\n`,
  );
  process.exitCode = OPERATOR;
} else {
  const { keepCompiledCode } = await import('./compile-cache.js');
  keepCompiledCode();
  const { runInProcess } = await import('./process-io.js');
  process.exitCode = await runInProcess();
}

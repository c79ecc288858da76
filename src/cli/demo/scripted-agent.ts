import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AgentEvent } from './agent.js';

// What the launched scripts of the demo do: say their words, ask who they are, and stay until their input ends. A script
// is this file with its words in front. It uses no library, so that every user can run it, wherever Spoor is installed:
// a call of the Workload API is one HTTP/2 request.

declare const words: string;

/** One shell, which runs the very program of its parent on the very same script. */
const SHELL_COMMAND = '/proc/$PPID/exe "$0"; true';

function tell(event: AgentEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function askForSvid(): void {
  const { pathname } = new URL(process.env['SPIFFE_ENDPOINT_SOCKET'] ?? '');
  const session = connectHttp2('http://localhost', { createConnection: () => connect(pathname) });
  const call = session.request({
    ':method': 'POST',
    ':path': '/SpiffeWorkloadAPI/FetchX509SVID',
    'content-type': 'application/grpc',
    te: 'trailers',
    'workload.spiffe.io': 'true',
  });
  let answer = Buffer.alloc(0);
  call.on('data', (chunk: Buffer) => {
    const whole = isWhole((answer = Buffer.concat([answer, chunk])));
    if (whole) tell({ event: 'is', spiffeId: spiffeIdIn(answer) });
  });
  call.on('response', tellRefusal).on('trailers', tellRefusal);
  for (const emitter of [session, call]) {
    emitter.on('error', ({ message }: Error) => tell({ event: 'refused', message }));
  }
  // A message of gRPC is a flag, its length in four bytes, and its bytes: this one is empty.
  call.end(Buffer.alloc(5));
}

function isWhole(answer: Buffer): boolean {
  return answer.length >= 5 && answer.length === 5 + answer.readUInt32BE(1);
}

/** The first field of the first SVID; the byte behind it is in no SPIFFE ID. */
function spiffeIdIn(answer: Buffer): string {
  return /spiffe:\/\/[\w./-]+/.exec(answer.toString('latin1'))?.[0] ?? '';
}

function tellRefusal(headers: IncomingHttpHeaders): void {
  const message = headers['grpc-message'];
  if (typeof message === 'string') tell({ event: 'refused', message: decodeURIComponent(message) });
}

function startShell(): ChildProcess {
  return spawn('/bin/sh', ['-c', SHELL_COMMAND, fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

tell({ event: 'runs', pid: process.pid, words });
askForSvid();
const shells: ChildProcess[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'shell') shells.push(startShell());
}
for (const shell of shells) {
  shell.stdin?.end();
  await once(shell, 'exit');
}
process.exit();

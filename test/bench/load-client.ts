// A client of the Workload API that does one thing many times, in a process of its own; results are lines of JSON.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { grpcMessage, RawConnection } from './raw-http2.ts';

const X509 = '/SpiffeWorkloadAPI/FetchX509SVID';
const JWT = '/SpiffeWorkloadAPI/FetchJWTSVID';
const CONNECTIONS = 8;
const IN_FLIGHT = 4;
/** nghttp2 ends a connection on which more streams are cancelled in a burst than 1,000. */
const CANCELS_PER_CONNECTION = 900;
const EMPTY = Buffer.alloc(0);
/** A connection of its own for each client. */
const LOCAL = { 'grpc.use_local_subchannel_pool': 1 };

function jwtRequest(audience: string): Buffer {
  const bytes = Buffer.from(audience);
  return grpcMessage(Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]));
}

function tell(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Calls a second over 8 connections with 4 calls at a time on each; a call without an answer is a failure. */
async function rate(
  socket: string,
  ms: number,
  method: string,
  message: (n: number) => Buffer,
): Promise<void> {
  let [calls, failures, stop] = [0, 0, false];
  const streaming = method === X509;
  const loop = async (connection: RawConnection, most: number): Promise<void> => {
    for (let n = 0; n < most && !stop; n++) {
      if (await connection.call(message(calls))) calls++;
      else failures++;
    }
  };
  const keepBusy = async (): Promise<void> => {
    const most = streaming ? CANCELS_PER_CONNECTION / IN_FLIGHT : Number.POSITIVE_INFINITY;
    while (!stop) {
      const connection = await RawConnection.open(socket, method, streaming);
      await Promise.all(Array.from({ length: IN_FLIGHT }, () => loop(connection, most)));
      connection.close();
    }
  };
  const start = performance.now();
  const busy = Array.from({ length: CONNECTIONS }, keepBusy);
  await sleep(ms);
  stop = true;
  await Promise.all(busy);
  tell({ perSecond: calls / ((performance.now() - start) / 1_000), failures });
}

/** Milliseconds from connect to the first answer on a new connection. */
async function firstAnswer(socket: string): Promise<number> {
  const start = performance.now();
  const connection = await RawConnection.open(socket, X509, true);
  if (!(await connection.call(grpcMessage(EMPTY)))) throw new Error('no answer');
  const taken = performance.now() - start;
  connection.close();
  return taken;
}

/** One new connection after the other. */
async function first(socket: string, times: number): Promise<void> {
  const taken: number[] = [];
  for (let n = 0; n < times; n++) taken.push(await firstAnswer(socket));
  tell({ times: taken });
}

/** Opens streams and holds them until standard input ends; tells each time when all have had one message more. */
async function hold(socket: string, connections: number, streamsEach: number): Promise<void> {
  const header = new Metadata();
  header.set('workload.spiffe.io', 'true');
  const raw = (bytes: Buffer): Buffer => bytes;
  const all = connections * streamsEach;
  /** How many streams have had so many messages. */
  const had: number[] = [];
  let broken = 0;
  for (let n = 0; n < connections; n++) {
    const client = new Client(`unix://${socket}`, credentials.createInsecure(), LOCAL);
    for (let m = 0; m < streamsEach; m++) {
      const call = client.makeServerStreamRequest(X509, raw, raw, EMPTY, header);
      let messages = 0;
      call.on('data', () => {
        const round = messages++;
        had[round] = (had[round] ?? 0) + 1;
        if (had[round] === all) tell({ round, at: Date.now() });
      });
      call.on('error', () => broken++);
    }
    await sleep(1);
  }
  process.stdin.resume();
  await once(process.stdin, 'end');
  tell({ broken });
}

const [task = '', socket = '', ...numbers] = process.argv.slice(2);
const [a = 0, b = 0] = numbers.map(Number);
if (task === 'x509') await rate(socket, a, X509, () => grpcMessage(EMPTY));
else if (task === 'jwt') await rate(socket, a, JWT, () => jwtRequest('one-audience'));
else if (task === 'jwt-new')
  await rate(socket, a, JWT, (n) => jwtRequest(`audience-${process.pid}-${n}-${performance.now()}`));
else if (task === 'first') await first(socket, a);
else if (task === 'hold') await hold(socket, a, b);
process.exit();

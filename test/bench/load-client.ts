// A client of the Workload API that does one thing many times, in a process of its own; the result is one line of JSON.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const HEADER = new Metadata();
HEADER.set('workload.spiffe.io', 'true');
const EMPTY = Buffer.alloc(0);
const raw = (bytes: Buffer): Buffer => bytes;

/** Opens connections that are not shared, although they go to one address. */
function connect(socket: string): Client {
  return new Client(`unix://${socket}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
}

function firstX509(client: Client): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const call = client.makeServerStreamRequest('/SpiffeWorkloadAPI/FetchX509SVID', raw, raw, EMPTY, HEADER);
    call.once('data', () => {
      resolve(performance.now() - start);
      call.cancel();
    });
    call.on('error', (error) => reject(error));
  });
}

function jwtRequest(audience: string): Buffer {
  const bytes = Buffer.from(audience);
  return Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
}

function fetchJwt(client: Client, audience: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/SpiffeWorkloadAPI/FetchJWTSVID',
      raw,
      raw,
      jwtRequest(audience),
      HEADER,
      (error) => {
        if (error === null) resolve();
        else reject(error);
      },
    );
  });
}

/** Calls a second, over `connections` with `inFlight` calls at a time on each, for `ms`. */
async function rate(
  socket: string,
  ms: number,
  one: (client: Client, n: number) => Promise<unknown>,
): Promise<number> {
  const clients = Array.from({ length: 8 }, () => connect(socket));
  let [calls, stop] = [0, false];
  const loop = async (client: Client): Promise<void> => {
    while (!stop) {
      await one(client, calls);
      calls++;
    }
  };
  await Promise.all(clients.map((client) => one(client, -1)));
  const start = performance.now();
  const loops = clients.flatMap((client) => Array.from({ length: 4 }, () => loop(client)));
  await sleep(ms);
  stop = true;
  await Promise.all(loops);
  const seconds = (performance.now() - start) / 1_000;
  for (const client of clients) client.close();
  return calls / seconds;
}

/** Opens streams and holds them until standard input ends; counts what arrives after the first messages. */
async function hold(socket: string, connections: number, streamsEach: number): Promise<void> {
  const clients = Array.from({ length: connections }, () => connect(socket));
  let [first, later, broken] = [0, 0, 0];
  const wanted = connections * streamsEach;
  for (const client of clients) {
    for (let n = 0; n < streamsEach; n++) {
      const call = client.makeServerStreamRequest(
        '/SpiffeWorkloadAPI/FetchX509SVID',
        raw,
        raw,
        EMPTY,
        HEADER,
      );
      let seen = false;
      call.on('data', () => {
        if (seen) later++;
        else first++;
        seen = true;
        if (first === wanted && later === 0 && seen) tellOnce({ held: first });
        if (later === wanted) tellAgain({ updated: later, at: Date.now() });
      });
      call.on('error', () => broken++);
    }
    await sleep(1);
  }
  process.stdin.resume();
  await once(process.stdin, 'end');
  tell({ first, later, broken });
  process.exit();
}

let toldHeld = false;
function tellOnce(result: object): void {
  if (!toldHeld) tell(result);
  toldHeld = true;
}

let toldUpdated = false;
function tellAgain(result: object): void {
  if (!toldUpdated) tell(result);
  toldUpdated = true;
}

function tell(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const [task = '', socket = '', ...numbers] = process.argv.slice(2);
const [a = 0, b = 0] = numbers.map(Number);
if (task === 'x509') tell({ perSecond: await rate(socket, a, firstX509) });
else if (task === 'jwt')
  tell({ perSecond: await rate(socket, a, (client) => fetchJwt(client, 'one-audience')) });
else if (task === 'jwt-new') {
  tell({
    perSecond: await rate(socket, a, (client, n) => fetchJwt(client, `audience-${n}-${Math.random()}`)),
  });
} else if (task === 'first') {
  const times: number[] = [];
  for (let n = 0; n < a; n++) {
    const client = connect(socket);
    times.push(await firstX509(client));
    client.close();
  }
  tell({ times });
} else if (task === 'hold') await hold(socket, a, b);
process.exit();

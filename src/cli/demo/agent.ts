import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch } from 'undici';
import {
  X509Source,
  authorizeMemberOf,
  peerSpiffeId,
  spiffeDispatcher,
  tlsServerOptions,
  type X509Svid,
} from '../../index.js';

// The program of the demo's agents: `agent.js serve`, `agent.js call URL` or `agent.js ask`. It is an ordinary user of the
// library: it knows nothing of the daemon but SPIFFE_ENDPOINT_SOCKET. What happens is told in lines of JSON.

/** Between two calls; short, so that a rotation meets a call under way. */
const PAUSE_MS = 5;

export type AgentEvent =
  | {
      readonly event: 'identity';
      readonly spiffeId: string;
      readonly serial: string;
      readonly fingerprint: string;
    }
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'answered'; readonly text: string }
  | { readonly event: 'summary'; readonly calls: number; readonly failures: number }
  | { readonly event: 'refused'; readonly message: string }
  // Told by the scripts that are launched.
  | { readonly event: 'held' }
  | { readonly event: 'runs'; readonly pid: number; readonly words: string }
  | { readonly event: 'is'; readonly spiffeId: string };

function tell(event: AgentEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function introduce({ id, serial, fingerprint }: X509Svid): void {
  tell({ event: 'identity', spiffeId: id.toString(), serial, fingerprint });
}

async function introduceEach(source: X509Source, signal: AbortSignal): Promise<void> {
  let known = '';
  for await (const { svids } of source.updates(signal)) {
    const [svid] = svids;
    // A new bundle is an update too; only a new certificate is told.
    if (svid !== undefined && svid.serial !== known) introduce(svid);
    known = svid?.serial ?? known;
  }
}

async function serve(source: X509Source, stop: AbortSignal): Promise<void> {
  const server = createServer(
    tlsServerOptions(source, authorizeMemberOf('demo.test')),
    (request, response) => {
      response.end(`you are ${peerSpiffeId(request.socket).toString()}`);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  tell({ event: 'listening', port: (server.address() as AddressInfo).port });
  await untilAborted(stop);
  server.close();
  server.closeAllConnections();
}

async function call(source: X509Source, url: string, stop: AbortSignal): Promise<void> {
  await using dispatcher = spiffeDispatcher(source, authorizeMemberOf('demo.test'));
  let [calls, failures] = [0, 0];
  while (!stop.aborted) {
    try {
      const text = await (await fetch(url, { dispatcher })).text();
      if (calls++ === 0) tell({ event: 'answered', text });
    } catch {
      // Counted: the demo's claim is that there is none.
      failures++;
    }
    await sleep(PAUSE_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  tell({ event: 'summary', calls, failures });
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function main([role, url = '']: readonly string[]): Promise<void> {
  const stop = new AbortController();
  process.stdin.once('data', () => stop.abort()).once('end', () => stop.abort());
  try {
    await using source = await X509Source.open({ timeoutMs: role === 'ask' ? 1_500 : 10_000 }, stop.signal);
    const introducing = introduceEach(source, stop.signal);
    await (role === 'serve' ? serve(source, stop.signal) : call(source, url, stop.signal));
    await introducing;
  } catch (error) {
    tell({ event: 'refused', message: error instanceof Error ? error.message : String(error) });
    await untilAborted(stop.signal);
  }
  process.exit();
}

await main(process.argv.slice(2));

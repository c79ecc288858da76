import type { WorkloadApiClient } from '../client/workload-api-client.js';
import { SpoorError } from '../core/errors.js';
import type { Cli } from './cli.js';
import { durationOption, type AgentOptions } from './options.js';
import { endpointOf, findSocket, orWherePassedOver, type FoundSocket } from './sockets.js';
import { errorFromClient } from './wire-error.js';
import type { Option } from 'commander';

/** The slowest attestation is far below. */
const ATTEMPT_MS = 10_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/** Options of a command that asks once, and may wait for the daemon or for an entry. */
export interface WaitOptions extends AgentOptions {
  /** Seconds. */
  readonly wait?: number;
}

/** One question to the Workload API. */
export type Ask<T> = (agent: WorkloadApiClient, signal: AbortSignal) => Promise<T>;

export function waitOption(): Option {
  return durationOption(
    '--wait <duration>',
    'keep trying for so long: until the daemon is up and an entry matches',
  );
}

/**
 * Asks the Workload API, and asks again as long as `--wait` allows and waiting can help.
 *
 * Errors: those of the last attempt; DEADLINE_EXCEEDED when there was no answer in 10 s.
 */
export async function askAgent<T>(cli: Cli, options: WaitOptions, ask: Ask<T>): Promise<T> {
  const { clock } = cli.io;
  const end = clock.monotonicMs() + (options.wait ?? 0) * 1_000;
  for (let delay = FIRST_RETRY_MS; ; delay = Math.min(2 * delay, MAX_RETRY_MS)) {
    try {
      return await attempt(cli, options, ask);
    } catch (error) {
      const rest = end - clock.monotonicMs();
      if (!mayPass(error) || rest <= 0) throw error;
      await clock.sleep(Math.min(delay, rest), new AbortController().signal);
    }
  }
}

/** Opens the Workload API where it is found, and gives it to `use`. Every error is one of the daemon's own. */
export async function withAgent<T>(
  cli: Cli,
  options: AgentOptions,
  use: (agent: WorkloadApiClient) => Promise<T>,
): Promise<T> {
  const found = await findSocket('socket', options.socket, cli.io.facts);
  return await orWherePassedOver(found, useAgent(found, use));
}

/** The first message of a stream, which is then hung up. */
export async function first<T>(messages: AsyncIterable<T>, signal: AbortSignal): Promise<T> {
  for await (const message of messages) return message;
  signal.throwIfAborted();
  throw new SpoorError('DAEMON_UNREACHABLE', 'the daemon ended the stream without an answer');
}

async function useAgent<T>(found: FoundSocket, use: (agent: WorkloadApiClient) => Promise<T>): Promise<T> {
  const endpoint = endpointOf(found.address);
  const { WorkloadApiClient } = await import('../client/workload-api-client.js');
  const path = endpoint.kind === 'unix' ? endpoint.path : undefined;
  await using agent = WorkloadApiClient.open({
    endpoint: path === undefined ? found.address : unixUri(path),
  });
  try {
    return await use(agent);
  } catch (error) {
    throw await errorFromClient(error, path);
  }
}

async function attempt<T>(cli: Cli, options: AgentOptions, ask: Ask<T>): Promise<T> {
  const signal = AbortSignal.timeout(ATTEMPT_MS);
  try {
    return await withAgent(cli, options, (agent) => ask(agent, signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new SpoorError('DEADLINE_EXCEEDED', `no answer within ${ATTEMPT_MS / 1_000} s`, { cause: error });
  }
}

/** Whether the same question may get another answer later. */
export function mayPass(error: unknown): boolean {
  return error instanceof SpoorError && (error.kind === 'wait' || error.kind === 'workload');
}

function unixUri(path: string): string {
  return `unix://${encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')}`;
}

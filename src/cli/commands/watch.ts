import type { Command } from 'commander';
import type { X509Context } from '../../client/x509-responses.js';
import { SpoorError } from '../../core/errors.js';
import { askAgent, first, mayPass, waitOption, withAgent, type WaitOptions } from '../agent.js';
import type { Cli } from '../cli.js';
import { socketOption } from '../options.js';
import { paintFor } from '../paint.js';
import { X509_JSON } from './x509-shape.js';

interface Options extends WaitOptions {
  readonly write?: string;
}

const RETRY_MS = 1_000;

/** `spoor watch`: every change of the X509-SVIDs of this process, until it is interrupted. */
export function watch(cli: Cli): Command {
  return cli
    .command({
      name: 'watch',
      summary:
        'show X509-SVIDs as they are renewed, until interrupted; write them for programs without a SPIFFE library',
      examples: ['spoor watch', 'spoor watch --write /run/my-app/svid --wait 5m'],
      json: `one line for each change: {"at", "svids", "bundles", "files"}, else as in\n${X509_JSON}`,
    })
    .option('--write <dir>', 'write each change as `spoor fetch x509 --write` does')
    .addOption(waitOption())
    .addOption(socketOption())
    .action(async (options: Options) => {
      // The first answer decides whether there is anything to watch.
      await askAgent(cli, options, (agent, signal) => first(agent.fetchX509Svid(signal), signal));
      await follow(cli, options, cli.io.interrupted());
    });
}

async function follow(cli: Cli, options: Options, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await withAgent(cli, options, async (agent) => {
        for await (const context of agent.fetchX509Svid(signal)) await show(cli, options, context);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!mayPass(error)) throw error;
      note(cli, error);
    }
    await cli.io.clock.sleep(RETRY_MS, signal);
  }
}

async function show(cli: Cli, options: Options, context: X509Context): Promise<void> {
  const { writeX509Files } = await import('../svid-files.js');
  const { x509Json, x509Text } = await import('../x509-text.js');
  const files = options.write === undefined ? [] : await writeX509Files(options.write, context);
  const now = cli.io.clock.now();
  const { out } = cli.io;
  if (options.output === 'json') {
    return out.write(`${JSON.stringify({ at: now.toISOString(), ...x509Json(context, files) })}\n`);
  }
  const paint = paintFor(out, cli.io);
  out.write(`${paint.faint(now.toISOString())}\n${x509Text(context, files, now, paint)}\n\n`);
}

/** Files that were written stay: they are good until they expire. */
function note(cli: Cli, error: unknown): void {
  const { code, message } = error instanceof SpoorError ? error : { code: '', message: String(error) };
  cli.io.err.write(`spoor: ${message}; trying again every ${RETRY_MS / 1_000} s (${code})\n`);
}

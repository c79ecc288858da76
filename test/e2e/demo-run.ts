import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const SPOOR = new URL('../../dist/cli/spoor.js', import.meta.url).pathname;

/** How a demo ended, what it showed, and the folder that it had. */
export interface Played {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly folder: string;
}

/** What a viewer does when certain words appear for the first time. */
export interface Interruption {
  readonly at: string;
  /** Ctrl-C below `npm run` is two signals: npm passes on what the terminal has sent already. */
  readonly by: 'Ctrl-C' | 'no longer reading';
}

/** Plays the demo, and waits until it has ended. */
export async function playDemo(args: readonly string[], interruption?: Interruption): Promise<Played> {
  const child = spawn(process.execPath, [SPOOR, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const stderr = text(child.stderr);
  let stdout = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const before = stdout;
    stdout += String(chunk);
    if (interruption === undefined || before.includes(interruption.at)) continue;
    if (!stdout.includes(interruption.at)) continue;
    if (interruption.by === 'no longer reading') break;
    child.kill('SIGINT');
    await sleep(30);
    child.kill('SIGINT');
  }
  const [code] = (await exited) as [number | null];
  const folder = /everything lies in (\S+) until/.exec(stdout)?.[1] ?? '';
  return { code, stdout, stderr: await stderr, folder };
}

/** What is there of a demo's folder and of processes that have to do with it: nothing, once it is over. */
export function leftOf({ folder }: Played): readonly string[] {
  if (!folder.includes('spoor-demo-')) return [`it named no folder: ${folder}`];
  return [...(existsSync(folder) ? [folder] : []), ...processesOf(folder)];
}

function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [commandLineOf(pid), textOf(`/proc/${pid}/environ`)])
    .filter((texts) => texts.some((one) => one?.includes(folder)))
    .map(([commandLine = '']) => commandLine);
}

/** A number of the demo's output: the pid of whoever is a SPIFFE ID or says some words. */
export function pidBefore(stdout: string, words: string): number {
  const escaped = words.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return Number(new RegExp(`pid (\\d+) ${escaped}`).exec(stdout)?.[1]);
}

function commandLineOf(pid: string): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile, or is another user's
  }
}

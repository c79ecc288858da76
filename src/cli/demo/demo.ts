import { stripVTControlCharacters } from 'node:util';
import type { CliIo } from '../io.js';
import { paintFor, type Paint } from '../paint.js';
import { run } from '../run.js';
import type { Agent } from './child.js';
import { Stage, TRUST_DOMAIN } from './stage.js';

/** Plays the main job in front of a viewer: attest, serve, call, rotate, refuse, trace. Needs no root, leaves nothing. */
export async function runDemo(io: CliIo): Promise<void> {
  await using stage = await Stage.open(io.facts);
  const demo = new Demo(stage, io);
  demo.open();
  const [server, caller] = await demo.twoAgents();
  await demo.rotation(server, caller);
  await demo.refusal();
  await demo.trace(server);
  demo.close();
}

/** Long, and not the point here. */
const ABRIDGED = ['attestors', 'selectors'];

class Demo {
  readonly #stage: Stage;
  readonly #io: CliIo;
  readonly #paint: Paint;
  #step = 0;

  constructor(stage: Stage, io: CliIo) {
    this.#stage = stage;
    this.#io = io;
    this.#paint = paintFor(io.out, io);
  }

  open(): void {
    this.#say('');
    this.#say(this.#paint.strong('Spoor: every process on this machine gets an identity of its own.'));
    this.#say(
      this.#paint.faint(
        `Trust domain ${TRUST_DOMAIN}; everything lies in ${this.#stage.folder} until the end.`,
      ),
    );
  }

  async twoAgents(): Promise<readonly [Agent, Agent]> {
    this.#title('Two processes of one program, one SPIFFE ID, two keys');
    const server = this.#stage.agent('serve');
    const { port } = await server.event('listening');
    const caller = this.#stage.agent('call', `https://127.0.0.1:${port}/`);
    for (const agent of [server, caller]) {
      const { spiffeId, serial } = await agent.event('identity');
      this.#say(`  pid ${agent.pid}  ${this.#paint.good(spiffeId)}  serial ${serial}`);
    }
    const { text } = await caller.event('answered');
    this.#title('They call each other over mutual TLS');
    this.#say(`  pid ${caller.pid} asked pid ${server.pid}: who am I?`);
    this.#say(`  the answer: ${this.#paint.good(text)}`);
    return [server, caller];
  }

  async rotation(server: Agent, caller: Agent): Promise<void> {
    this.#title('Everything is replaced while they talk');
    await this.#command(['authority', 'rotate']);
    for (const agent of [server, caller]) {
      const { serial } = await agent.event('identity', 1);
      this.#say(`  pid ${agent.pid}  has a new key and certificate  serial ${serial}`);
    }
    await caller[Symbol.asyncDispose]();
    const { calls, failures } = await caller.event('summary');
    const verdict = failures === 0 ? this.#paint.good('none failed') : this.#paint.bad(`${failures} failed`);
    this.#say(`  ${calls} calls were made meanwhile, ${verdict}`);
  }

  async refusal(): Promise<void> {
    this.#title('A program without an entry is refused, and you are told why');
    const stranger = await this.#stage.stranger();
    const { message } = await stranger.event('refused');
    this.#say(`  pid ${stranger.pid}  ${this.#paint.bad('refused')}: ${message}`);
    await this.#command(['explain', String(stranger.pid)], ABRIDGED);
  }

  async trace(server: Agent): Promise<void> {
    this.#title('Whose certificate was it? The record knows');
    const { serial } = await server.event('identity');
    await this.#command(['who', serial]);
  }

  close(): void {
    this.#title('Next');
    this.#say('  spoord --trust-domain example.org       start a daemon of your own');
    this.#say('  spoor entry add --help                  say who gets which identity');
    this.#say(
      '  README.md                               settings, install under systemd, snippets for your language',
    );
    this.#say('');
  }

  /** Shows a command line and what it prints, without the paragraphs that begin with one of `abridged`. */
  async #command(argv: readonly string[], abridged: readonly string[] = []): Promise<void> {
    this.#say(`  ${this.#paint.faint('$')} spoor ${argv.join(' ')}`);
    const { isTerminal } = this.#io.out;
    let printed = '';
    const out = { isTerminal, write: (text: string): void => void (printed += text) };
    await run(argv, { ...this.#io, out, facts: { ...this.#io.facts, env: this.#stage.env } });
    const paragraphs = printed.trimEnd().split('\n\n');
    const shown = paragraphs.map((text) => (isOneOf(text, abridged) ? `${text.split('\n')[0]} …` : text));
    this.#say(shown.join('\n\n').replaceAll(/^(?=.)/gm, '    '));
  }

  #title(text: string): void {
    this.#step += 1;
    this.#say('');
    this.#say(this.#paint.strong(`${this.#step}. ${text}`));
  }

  #say(line: string): void {
    this.#io.out.write(`${line}\n`);
  }
}

/** Whether a paragraph begins with one of these words, under whatever colour. */
function isOneOf(paragraph: string, words: readonly string[]): boolean {
  const text = stripVTControlCharacters(paragraph);
  return words.some((word) => text.startsWith(word));
}

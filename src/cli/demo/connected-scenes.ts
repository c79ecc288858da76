import type { Agent } from './child.js';
import type { Screen } from './screen.js';
import type { Stage } from './stage.js';

/** Long, and not the point here. */
const ABRIDGED = ['attestors', 'selectors'];

/** Processes that come by themselves: attest, serve, call, rotate, refuse, trace. */
export class ConnectedScenes {
  readonly #stage: Stage;
  readonly #screen: Screen;

  constructor(stage: Stage, screen: Screen) {
    this.#stage = stage;
    this.#screen = screen;
  }

  async play(): Promise<void> {
    const [server, caller] = await this.#twoAgents();
    await this.#rotation(server, caller);
    await this.#refusal();
    await this.#trace(server);
    await server[Symbol.asyncDispose]();
  }

  async #twoAgents(): Promise<readonly [Agent, Agent]> {
    const { paint } = this.#screen;
    this.#screen.title('Two processes of one program, one SPIFFE ID, two keys');
    const server = this.#stage.agent('serve');
    const { port } = await server.event('listening');
    const caller = this.#stage.agent('call', `https://127.0.0.1:${port}/`);
    for (const agent of [server, caller]) {
      const { spiffeId, serial } = await agent.event('identity');
      this.#screen.say(`  pid ${agent.pid}  ${paint.good(spiffeId)}  serial ${serial}`);
    }
    const { text } = await caller.event('answered');
    this.#screen.title('They call each other over mutual TLS');
    this.#screen.say(`  pid ${caller.pid} asked pid ${server.pid}: who am I?`);
    this.#screen.say(`  the answer: ${paint.good(text)}`);
    return [server, caller];
  }

  async #rotation(server: Agent, caller: Agent): Promise<void> {
    const { paint } = this.#screen;
    this.#screen.title('Everything is replaced while they talk');
    await this.#screen.command(this.#stage, ['authority', 'rotate']);
    for (const agent of [server, caller]) {
      const { serial } = await agent.event('identity', 1);
      this.#screen.say(`  pid ${agent.pid}  has a new key and certificate  serial ${serial}`);
    }
    await caller[Symbol.asyncDispose]();
    const { calls, failures } = await caller.event('summary');
    const verdict = failures === 0 ? paint.good('none failed') : paint.bad(`${failures} failed`);
    this.#screen.say(`  ${calls} calls were made meanwhile, ${verdict}`);
  }

  async #refusal(): Promise<void> {
    this.#screen.title('A program without an entry is refused, and you are told why');
    await using stranger = await this.#stage.stranger();
    const { message } = await stranger.event('refused');
    this.#screen.say(`  pid ${stranger.pid}  ${this.#screen.paint.bad('refused')}: ${message}`);
    await this.#screen.command(this.#stage, ['explain', String(stranger.pid)], ABRIDGED);
  }

  async #trace(server: Agent): Promise<void> {
    this.#screen.title('Whose certificate was it? The record knows');
    const { serial } = await server.event('identity');
    await this.#screen.command(this.#stage, ['who', serial]);
  }
}

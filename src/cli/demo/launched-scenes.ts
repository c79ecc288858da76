import { readFile } from 'node:fs/promises';
import type { Explanation } from '../../wire/explain.js';
import type { Agent } from './child.js';
import type { Screen } from './screen.js';
import type { ScriptName } from './scripts.js';
import type { Stage } from './stage.js';

/** Long, and not the point here. */
const ABRIDGED = ['rooms', 'attestors', 'selectors'];

interface Running {
  readonly agent: Agent;
  readonly pid: number;
  /** Digest of its executable. */
  readonly executable: string;
}

/** Scripts that the daemon starts: told apart, below them nothing, and never another than was measured. */
export class LaunchedScenes {
  readonly #stage: Stage;
  readonly #screen: Screen;

  constructor(stage: Stage, screen: Screen) {
    this.#stage = stage;
    this.#screen = screen;
  }

  async play(): Promise<void> {
    await this.#entries();
    const [researcher, reviewer] = await this.#twoScripts();
    await this.#descendant(researcher);
    await this.#stranger(researcher);
    await this.#swap(reviewer);
  }

  async #entries(): Promise<void> {
    this.#screen.title('Agents are scripts, and to an entry that names Node they are all one: it goes');
    await this.#screen.command(this.#stage, ['entry', 'delete', 'agent']);
    for (const name of ['researcher', 'reviewer'] as const) {
      await this.#stage.addEntry(name, this.#stage.selectors(name));
      await this.#screen.command(this.#stage, ['entry', 'show', name]);
    }
  }

  async #twoScripts(): Promise<readonly [Running, Running]> {
    this.#screen.title('Two scripts of one interpreter are launched, and each is somebody');
    const researcher = await this.#launch('researcher');
    const reviewer = await this.#launch('reviewer');
    const same = researcher.executable === reviewer.executable;
    this.#screen.say(`  By their executables they are ${same ? 'one program' : 'two programs'}.`);
    return [researcher, reviewer];
  }

  async #launch(name: ScriptName): Promise<Running> {
    const { paint } = this.#screen;
    this.#screen.typed(`spoor launch ${name}`);
    const agent = this.#stage.launch(name);
    const { spiffeId } = await agent.event('is');
    const { pid, words } = await agent.event('runs');
    const { launch, selectors } = await this.#explained(pid);
    const executable = launch?.executable_sha256 ?? '';
    this.#screen.say(`    pid ${pid} is ${paint.good(spiffeId)} and says “${words}”`);
    this.#screen.say(`    script      sha256 ${launch?.script?.sha256}`);
    this.#screen.say(`    executable  sha256 ${executable}`);
    if (this.#stage.mode === 'root') await this.#confinement(pid, selectors);
    return { agent, pid, executable };
  }

  /** What holds for it by root's word alone. */
  async #confinement(pid: number, selectors: readonly string[]): Promise<void> {
    const value = (prefix: string): string =>
      selectors.find((selector) => selector.startsWith(prefix))?.slice(prefix.length) ?? 'none';
    const user = `${value('unix:user:')} (uid ${value('unix:uid:')})`;
    const can = (await hasCapabilities(pid)) ? 'with capabilities' : 'without capabilities';
    this.#screen.say(`    user        ${user}, ${can}`);
    this.#screen.say(`    cgroup      ${value('process:cgroup:')}`);
  }

  async #descendant({ agent, pid }: Running): Promise<void> {
    this.#screen.title('A shell below an agent gets nothing, though it runs the same program and script');
    this.#screen.typed(`sh -c '/proc/$PPID/exe researcher.mjs'`, `run by pid ${pid}`);
    agent.tell('shell');
    await this.#refused(agent, 1);
  }

  async #stranger({ pid }: Running): Promise<void> {
    const who = this.#stage.mode === 'root' ? ' by the same user' : '';
    this.#screen.title(`The same script, started by hand${who}, gets nothing either`);
    this.#screen.typed('node researcher.mjs');
    await using stranger = this.#stage.byHand('researcher', pid);
    await this.#refused(stranger, 0);
  }

  async #swap({ pid }: Running): Promise<void> {
    const [screen, { scripts }] = [this.#screen, this.#stage];
    screen.title('A script that is swapped after it was measured does not run');
    screen.say(
      '  hold.mjs stops Node before it reads the script; then reviewer.mjs is replaced on the disk.',
    );
    screen.typed('node --import hold.mjs reviewer.mjs', 'by hand, for comparison');
    await using byHand = this.#stage.byHand('reviewer', pid, '--import', scripts.hold);
    screen.say(`    says “${await this.#swapWhileHeld(byHand)}”`);
    await scripts.put('reviewer', 'reviewer');
    screen.typed('spoor launch held', 'its definition has the same command line');
    await using held = this.#stage.launch('held');
    const words = await this.#swapWhileHeld(held);
    const { spiffeId } = await held.event('is');
    screen.say(`    is ${screen.paint.good(spiffeId)} and says “${words}”`);
    screen.typed('spoor launch reviewer', 'as it lies there now');
    await using next = this.#stage.launch('reviewer');
    await this.#refused(next, 0);
  }

  /** Returns: what the program says then. */
  async #swapWhileHeld(agent: Agent): Promise<string> {
    await agent.event('held');
    await this.#stage.scripts.put('reviewer', 'swapped');
    agent.tell('go on');
    return (await agent.event('runs')).words;
  }

  /** Shows that the program was refused, and why. Takes: `after` — how many programs told of themselves before it. */
  async #refused(agent: Agent, after: number): Promise<void> {
    const { message } = await agent.event('refused');
    const { pid, words } = await agent.event('runs', after);
    const refused = this.#screen.paint.bad('refused');
    this.#screen.say(`    pid ${pid} says “${words}” and is ${refused}: ${message}`);
    await this.#screen.command(this.#stage, ['explain', String(pid)], ABRIDGED);
  }

  async #explained(pid: number): Promise<Explanation> {
    return JSON.parse(await this.#stage.spoor(['explain', String(pid), '--output', 'json'])) as Explanation;
  }
}

/** Source: proc_pid_status(5). */
async function hasCapabilities(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return /^Cap(?:Prm|Eff|Inh|Bnd|Amb):\s*0*[^0\s]/m.test(status);
}

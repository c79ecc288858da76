import { closeSync } from 'node:fs';
import { SpoorError } from '../../core/errors.js';
import type { LaunchedScript } from '../../instances/launched.js';
import { asDaemon, type FileRights, type LookAs } from '../../kernel/file-rights.js';
import type { SealedFiles } from '../../kernel/sealed-file.js';
import type { Account } from '../../measurement/accounts.js';
import { distrust } from '../../measurement/trusted-path.js';
import { understand, type Understood } from './command-line.js';
import { commandOf } from './command.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import { measureExecutable, type ExecutableDeps, type MeasuredExecutable } from './executable.js';
import type { InterpreterVersions } from './interpreter-versions.js';
import type { Interpreter } from './interpreters.js';
import { guarded } from './guards.js';
import { loaderFor } from '../loaders/loader-for.js';
import { withoutInspector } from '../loaders/node.js';
import type { MeasuredProgram } from '../measured-program.js';
import { packageFacts } from './package-facts.js';
import type { Pin } from '../pin/pin.js';
import { measureScript, type MeasuredScript } from './script.js';
import { DESCRIPTORS } from '../starting/stage2-order.js';

export interface ProgramMeasurerDeps extends ExecutableDeps {
  readonly sealed: SealedFiles;
  readonly rights: FileRights;
  readonly versions: InterpreterVersions;
  /** Folder of pinned packages. */
  readonly packages: string;
}

/** Interpreters whose loaders are for some of their versions only. */
const VERSIONED: readonly Interpreter[] = ['node', 'python', 'bash'];

type ScriptLine = Extract<Understood, { kind: 'script' }>;
type BareLine = Exclude<Understood, ScriptLine>;
interface ScriptRun {
  readonly line: ScriptLine;
  /** With the caller's arguments. */
  readonly argv: readonly string[];
  readonly pin: Pin | undefined;
  readonly executable: MeasuredExecutable;
  readonly account: Account;
  readonly lookAs: LookAs;
}

type Parts = Pick<MeasuredProgram, 'argv' | 'script' | 'loaded' | 'notes'>;

/** Opens and measures everything that a definition runs, so that nothing else can run in its place. */
export class ProgramMeasurer {
  readonly #deps: ProgramMeasurerDeps;

  constructor(deps: ProgramMeasurerDeps) {
    this.#deps = deps;
  }

  /**
   * Takes:  `callerArgs`: those of the caller, behind all others. `account`: as whom the program will run, and with whose
   *         rights its files are opened: a link in their place shows nobody what root may read.
   * Errors: LAUNCH_FAILED naming the file that is missing, too large or cannot be read; LAUNCH_REFUSED when the caller
   *         gives arguments and the definition takes none.
   * Source: decision 4.
   */
  async measure(
    definition: LaunchDefinition,
    callerArgs: readonly string[],
    account: Account,
  ): Promise<MeasuredProgram> {
    checkArguments(definition, callerArgs);
    using opened = new DisposableStack();
    const lookAs = this.#deps.mode === 'root' ? this.#deps.rights.of(account) : asDaemon;
    const { argv, pin } = await commandOf(definition, this.#deps.packages, lookAs);
    const executable = opened.use(await measureExecutable(argv[0] ?? '', lookAs, this.#deps));
    const line = understand(argv);
    const whole = [...argv, ...callerArgs];
    const parts =
      line.kind === 'script'
        ? await this.#script({ line, argv: whole, pin, executable, account, lookAs }, opened)
        : await this.#bare(line, whole, executable, account);
    const owned = opened.move();
    return {
      ...parts,
      executable,
      notes: [...copyNotes(executable), ...parts.notes],
      [Symbol.dispose]: () => owned.dispose(),
    };
  }

  /** A script runs from its measured bytes where a loader can do that; else it must be root's word that it stays as it is. */
  async #script(run: ScriptRun, opened: DisposableStack): Promise<Parts> {
    const { line, argv, pin, executable, account, lookAs } = run;
    const measured = measureScript(line.path, lookAs);
    if (pin !== undefined && measured.sha256 !== pin.script.sha256) throw notAsPinned(measured, pin);
    const { script, problems } = await factsOf(line, measured, executable, lookAs);
    const loader = loaderFor(line.interpreter, await this.#versionOf(line, executable, account));
    if (loader.load === undefined)
      return fromDisk(guarded(line.interpreter, argv), script, measured, [loader.reason, ...problems]);
    const { argv: loading, loader: text } = loader.load({
      argv,
      scriptAt: line.at,
      scriptPath: measured.realPath,
      descriptors: DESCRIPTORS,
    });
    const descriptor = this.#seal('spoor-script', measured.bytes, opened);
    const loaded = { script: descriptor, loader: this.#seal('spoor-loader', Buffer.from(text), opened) };
    return { argv: loading, script, loaded, notes: problems };
  }

  /** A program of its own, or an interpreter that runs no script but is shut to other processes of its user as well. */
  async #bare(
    line: BareLine,
    argv: readonly string[],
    executable: MeasuredExecutable,
    account: Account,
  ): Promise<Parts> {
    if (line.kind === 'program') return bare(argv, []);
    const notes = [`it has no script:* selectors: ${line.reason}`];
    if (line.interpreter !== 'node') return bare(guarded(line.interpreter, argv), notes);
    const { load } = loaderFor('node', await this.#versionOf(line, executable, account));
    return bare(load === undefined ? argv : withoutInspector(argv), notes);
  }

  /** Empty where it says nothing, or no loader goes by it. */
  async #versionOf(
    { interpreter }: Exclude<Understood, { kind: 'program' }>,
    executable: MeasuredExecutable,
    account: Account,
  ): Promise<string> {
    if (!VERSIONED.includes(interpreter)) return '';
    return (await this.#deps.versions.of(executable, account)) ?? '';
  }

  #seal(name: string, bytes: Uint8Array, opened: DisposableStack): number {
    return opened.adopt(this.#deps.sealed.seal(name, bytes), closeSync);
  }
}

function checkArguments({ name, callerArgs }: LaunchDefinition, given: readonly string[]): void {
  if (given.length === 0 || callerArgs === 'append') return;
  const count = given.length === 1 ? 'an argument was' : `${given.length} arguments were`;
  const message = `${count} given, and the definition ${name} takes none (caller_args)`;
  throw new SpoorError('LAUNCH_REFUSED', message);
}

interface ScriptFacts {
  readonly script: LaunchedScript;
  /** Sentences for people. */
  readonly problems: readonly string[];
}

async function factsOf(
  { interpreterArgs }: ScriptLine,
  { path, realPath, sha256 }: MeasuredScript,
  { realPath: interpreter }: MeasuredExecutable,
  lookAs: LookAs,
): Promise<ScriptFacts> {
  const { lock, package: packageName, problems } = await packageFacts(realPath, lookAs);
  const script = {
    ...{ path, sha256, interpreter, interpreterArgs },
    ...(packageName !== undefined && { packageName }),
    ...(lock !== undefined && { lockSha256: lock.sha256 }),
  };
  return { script, problems };
}

/** The script itself runs: what was measured counts only where nobody but root could change it. */
function fromDisk(
  argv: readonly string[],
  script: LaunchedScript,
  { realPath }: MeasuredScript,
  notes: readonly string[],
): Parts {
  const why = distrust(realPath);
  if (why === undefined) return { argv, script, loaded: undefined, notes };
  return {
    argv,
    script: undefined,
    loaded: undefined,
    notes: [...notes, `it has no script:* selectors, since ${why}`],
  };
}

function notAsPinned({ path }: MeasuredScript, { name, version }: Pin): SpoorError {
  return new SpoorError('LAUNCH_FAILED', `${name} ${version} is not as it was pinned: ${path} has changed`);
}

function bare(argv: readonly string[], notes: readonly string[]): Parts {
  return { argv, script: undefined, loaded: undefined, notes };
}

function copyNotes({ copiedSince }: MeasuredExecutable): readonly string[] {
  return copiedSince === undefined ? [] : [`the program runs from a copy in memory, since ${copiedSince}`];
}

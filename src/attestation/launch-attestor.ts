import type { Descent } from '../instances/instance.js';
import type { LaunchedProcesses, Origin } from '../instances/launched-processes.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { Attestor, Finding } from './attestor.js';

export interface LaunchAttestorDeps {
  readonly launched: LaunchedProcesses;
  /** What was found to hold for a process when it was last attested. */
  readonly selectorsOf: (process: MeasuredProcess) => readonly string[];
}

/**
 * What the daemon knows because it started the process itself, `launch:name`, `launch:uid`, `script:path`, `sha256`,
 * `interpreter`, `package`, `lock_sha256`; or, of a process that comes from a launched one, that it does.
 *
 * Source: decisions 4 and 5.
 */
export class LaunchAttestor implements Attestor {
  readonly name = 'launch';
  /** Without its word a descendant would get what its user may have. */
  readonly isDecisive = true;
  readonly #deps: LaunchAttestorDeps;

  constructor(deps: LaunchAttestorDeps) {
    this.#deps = deps;
  }

  /** Errors: those of node:fs when the process cannot be looked at. */
  attest(process: MeasuredProcess): Finding | Promise<Finding> {
    const start = this.#deps.launched.startOf(process);
    return start === undefined ? this.#find(process) : start.then(() => this.#find(process));
  }

  #find(process: MeasuredProcess): Finding {
    const facts = this.#deps.launched.factsOf(process);
    if (facts !== undefined) return { selectors: facts.selectors };
    const origin = this.#deps.launched.originOf(process);
    return origin === undefined ? NOTHING : { selectors: [], descent: this.#descentOf(origin) };
  }

  #descentOf({ launched, by }: Origin): Descent {
    if (launched === undefined) return { by, parentSelectors: [] };
    const { facts, pid, process } = launched;
    const parentSelectors = process === undefined ? [] : this.#deps.selectorsOf(process);
    return { instance: facts.instance, name: facts.name, pid, by, parentSelectors };
  }
}

const NOTHING: Finding = { selectors: [] };

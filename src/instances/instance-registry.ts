import { SnapshotCell } from '../core/snapshot.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { Attestation, Instance } from './instance.js';
import type { LaunchedProcesses } from './launched-processes.js';

const ID_BYTES = 16;

export interface InstanceRegistryDeps {
  readonly random: (bytes: number) => Buffer;
  /** Which processes the daemon has started; none, unless given. */
  readonly launched?: Pick<LaunchedProcesses, 'factsOf' | 'instanceIdOf'>;
  /** Told once of each instance that has gone; must not throw. */
  readonly onGone?: (instance: Instance) => void;
}

/** Which instances there are: one for each measured process, until that process is released. */
export class InstanceRegistry {
  readonly #deps: InstanceRegistryDeps;
  readonly #live = new Map<MeasuredProcess, Instance>();
  /** Outlives `#live`: a call that is still under way when its process is released gets no second instance. */
  readonly #known = new WeakMap<MeasuredProcess, Instance>();

  constructor(deps: InstanceRegistryDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The instance of a process: always the same object for the same process. */
  of(process: MeasuredProcess): Instance {
    return this.#known.get(process) ?? this.#admit(process);
  }

  /** The process is no longer measured: its instance has gone. A process without an instance is no matter. */
  release(process: MeasuredProcess): void {
    const instance = this.#live.get(process);
    if (instance === undefined) return;
    this.#live.delete(process);
    this.#deps.onGone?.(instance);
  }

  [Symbol.iterator](): Iterator<Instance> {
    return this.#live.values();
  }

  /** A launched process has the id that it was given before it began; what it is, is known once it executes. */
  #admit(process: MeasuredProcess): Instance {
    const { launched, random } = this.#deps;
    const facts = launched?.factsOf(process);
    const instance: Instance = {
      id: facts?.instance ?? launched?.instanceIdOf(process) ?? random(ID_BYTES).toString('hex'),
      process,
      get level() {
        return launched?.factsOf(process) === undefined ? 'connected' : 'launched';
      },
      get parent() {
        return launched?.factsOf(process)?.parent;
      },
      attestation: new SnapshotCell<Attestation | undefined>(undefined),
    };
    this.#known.set(process, instance);
    this.#live.set(process, instance);
    return instance;
  }
}

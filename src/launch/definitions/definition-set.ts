import { SpoorError } from '../../core/errors.js';
import type { LaunchDefinition } from './definition.js';

/** All launch definitions at one time. Immutable. */
export class DefinitionSet implements Iterable<LaunchDefinition> {
  readonly #byName: ReadonlyMap<string, LaunchDefinition>;

  private constructor(byName: ReadonlyMap<string, LaunchDefinition>) {
    this.#byName = byName;
  }

  /** Takes: definitions of different names. */
  static of(definitions: readonly LaunchDefinition[]): DefinitionSet {
    const sorted = definitions.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return new DefinitionSet(new Map(sorted.map((definition) => [definition.name, definition])));
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): LaunchDefinition | undefined {
    return this.#byName.get(name);
  }

  /** The set in which those of the names `removed` are gone and `added` are there, in place of any of their names. */
  with(removed: readonly string[], added: readonly LaunchDefinition[]): DefinitionSet {
    const changed = new Map(this.#byName);
    for (const name of removed) changed.delete(name);
    for (const definition of added) changed.set(definition.name, definition);
    return DefinitionSet.of([...changed.values()]);
  }

  /** In the order of names. */
  [Symbol.iterator](): Iterator<LaunchDefinition> {
    return this.#byName.values();
  }
}

/** What is said of a name that no definition has. */
export function definitionNotFound(name: string): SpoorError {
  return new SpoorError('DEFINITION_NOT_FOUND', `there is no launch definition ${name.slice(0, 80)}`);
}

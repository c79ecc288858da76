import { readDefinitionItem, toWireDefinition } from '../../src/api/wire-launch-definition.js';
import { SpoorError } from '../../src/core/errors.js';
import { checkDefinitionItem } from '../../src/launch/definitions/definition-file.js';
import { definitionReader } from '../../src/launch/definitions/definition-schema.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import type { AdminService } from '../../src/wire/admin.js';
import type { WireLaunchDefinition } from '../../src/wire/launch-definitions.js';
import { CREATED } from './fake-admin-state.js';

type Rpcs =
  'ListLaunchDefinitions' | 'GetLaunchDefinition' | 'AddLaunchDefinition' | 'DeleteLaunchDefinition';

const READ = definitionReader(TrustDomain.parse('example.org'));

/** Keeps launch definitions in memory, and reads them as the daemon does. */
export class FakeDefinitions {
  readonly all = new Map<string, WireLaunchDefinition>();

  readonly answers: { readonly [Name in Rpcs]: AdminService[Name] } = {
    ListLaunchDefinitions: () => ({ definitions: [...this.all.values()] }),
    GetLaunchDefinition: ({ name }) => this.#get(name),
    AddLaunchDefinition: (request) => {
      const text = checkDefinitionItem(readDefinitionItem(request), READ);
      if (this.all.has(text.name)) throw new SpoorError('DEFINITION_EXISTS', `${text.name} is there already`);
      const source = { kind: 'store' } as const;
      return this.#put(toWireDefinition({ ...text, createdAt: new Date(CREATED), source }));
    },
    DeleteLaunchDefinition: ({ name }) => {
      const { source, file } = this.#get(name);
      if (source === 'file') throw new SpoorError('DEFINITION_READ_ONLY', `${name} is kept in ${file}`);
      this.all.delete(name);
      return {};
    },
  };

  /** A definition as a file has it: nobody can change it by command. */
  addOfFile(item: unknown, file: string, line: number): void {
    const text = checkDefinitionItem(item, READ);
    this.#put(toWireDefinition({ ...text, createdAt: new Date(0), source: { kind: 'file', file, line } }));
  }

  #get(name: string): WireLaunchDefinition {
    const definition = this.all.get(name);
    if (definition === undefined) throw new SpoorError('DEFINITION_NOT_FOUND', `${name} is not there`);
    return definition;
  }

  #put(definition: WireLaunchDefinition): WireLaunchDefinition {
    this.all.set(definition.name, definition);
    return definition;
  }
}

import { definitionNotFound } from '../launch/definitions/definition-set.js';
import type { LaunchDefinition } from '../launch/definitions/definition.js';
import type { AdminService } from '../wire/admin.js';
import type { AdminRooms } from './admin-rooms.js';
import type { Answers } from './service.js';
import { readDefinitionItem, toWireDefinition } from './wire-launch-definition.js';

type Definitions = Pick<
  AdminService,
  'ListLaunchDefinitions' | 'GetLaunchDefinition' | 'AddLaunchDefinition' | 'DeleteLaunchDefinition'
>;

/** The part of spoor.v1.Admin about launch definitions. What a definition may say, the catalog decides. */
export function definitionAnswers({ definitions }: Pick<AdminRooms, 'definitions'>): Answers<Definitions> {
  return {
    // All at once: there are two thousand at most.
    ListLaunchDefinitions: () => ({
      definitions: [...definitions.definitions.current.value].map(toWireDefinition),
    }),
    GetLaunchDefinition: ({ name }) => toWireDefinition(definitionOf(name, definitions)),
    AddLaunchDefinition: async (request) =>
      toWireDefinition(await definitions.add(readDefinitionItem(request))),
    DeleteLaunchDefinition: async ({ name }) => {
      await definitions.delete(name);
      return {};
    },
  };
}

/** Errors: DEFINITION_NOT_FOUND. */
function definitionOf(name: string, { definitions }: AdminRooms['definitions']): LaunchDefinition {
  const definition = definitions.current.value.get(name);
  if (definition === undefined) throw definitionNotFound(name);
  return definition;
}

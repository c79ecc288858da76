import { SpoorError } from '../core/errors.js';
import { parseDefinitionItem } from '../launch/definitions/definition-file.js';
import type { LaunchDefinition, Secret } from '../launch/definitions/definition.js';
import type {
  AddLaunchDefinitionRequest,
  WireLaunchDefinition,
  WireLaunchDefinitionDraft,
  WireLaunchSecret,
} from '../wire/launch-definitions.js';
import { writeInstant } from './instant.js';

/** A launch definition as the admin API gives it. */
export function toWireDefinition(definition: LaunchDefinition): WireLaunchDefinition {
  const { source, mayLaunch } = definition;
  return {
    name: definition.name,
    command: definition.command,
    args: definition.args,
    caller_args: definition.callerArgs,
    cwd: definition.cwd ?? '',
    env: definition.env,
    secrets: definition.secrets.map(toWireSecret),
    may_launch: { users: mayLaunch.users, groups: mayLaunch.groups, spiffe_ids: mayLaunch.spiffeIds },
    run_as: definition.runAs ?? '',
    limits: Object.fromEntries(
      Object.entries(definition.limits).map(([name, limit]) => [name, String(limit)]),
    ),
    restart: definition.restart,
    created_at: writeInstant(definition.createdAt),
    source: source.kind,
    file: source.kind === 'file' ? source.file : '',
    line: source.kind === 'file' ? source.line : 0,
  };
}

/**
 * The item, as files have it, that somebody wants to add. The catalog checks what it says.
 *
 * Errors: ARGUMENT_INVALID when there is none, or it is given in both ways, or its YAML is none.
 */
export function readDefinitionItem({ definition, yaml }: AddLaunchDefinitionRequest): unknown {
  if ((definition === null) === (yaml === '')) {
    throw new SpoorError('ARGUMENT_INVALID', 'either definition or yaml must be given');
  }
  return definition === null ? parseDefinitionItem(yaml) : itemOf(definition);
}

/** Fields that are empty are left out: absent ones have their defaults. */
function itemOf(draft: WireLaunchDefinitionDraft): Readonly<Record<string, unknown>> {
  return {
    name: draft.name,
    command: draft.command,
    args: draft.args,
    caller_args: unlessEmpty(draft.caller_args),
    cwd: unlessEmpty(draft.cwd),
    env: draft.env ?? undefined,
    secrets: draft.secrets.map(secretItem),
    may_launch: draft.may_launch ?? undefined,
    run_as: unlessEmpty(draft.run_as),
    limits: Object.fromEntries(Object.entries(draft.limits).map(([name, limit]) => [name, numberIn(limit)])),
    restart: unlessEmpty(draft.restart),
  };
}

function toWireSecret(secret: Secret): WireLaunchSecret {
  return 'file' in secret
    ? { name: secret.name, file: secret.file, credential: '' }
    : { name: secret.name, file: '', credential: secret.credential };
}

function secretItem({ name, file, credential }: WireLaunchSecret): Readonly<Record<string, unknown>> {
  return { name, file: unlessEmpty(file), credential: unlessEmpty(credential) };
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function numberIn(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

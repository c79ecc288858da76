import { z } from 'zod';
import type { TrustDomain } from '../../spiffe/trust-domain.js';
import { FIELDS, spiffeIds } from './definition-fields.js';
import { brokenRules } from './definition-rules.js';
import { LIMIT_NAMES, type LaunchDefinition, type LimitName, type Secret } from './definition.js';

/** What a definition says, wherever it is kept. */
export type DefinitionText = Omit<LaunchDefinition, 'createdAt' | 'source'>;

/** An item that is right, or everything that is wrong with it; what an issue says is what is allowed in its place. */
export type ReadItem =
  { readonly definition: DefinitionText } | { readonly issues: readonly z.core.$ZodIssue[] };

/** Reads definitions as files have them, from whatever they came. */
export type ReadDefinition = (item: unknown) => ReadItem;

/** The names of an item's fields in a file. */
export const DEFINITION_FIELDS = [
  'name',
  'command',
  'args',
  'caller_args',
  'cwd',
  'env',
  'secrets',
  'may_launch',
  'run_as',
  'limits',
  'restart',
] as const;

/** Gives what reads the definitions of a daemon of `trustDomain`. */
export function definitionReader(trustDomain: TrustDomain): ReadDefinition {
  const schema = itemSchema(trustDomain);
  return (item) => {
    const outcome = schema.safeParse(item);
    const issues = [...(outcome.error?.issues ?? []), ...brokenRules(item)];
    return outcome.success && issues.length === 0 ? { definition: outcome.data } : { issues };
  };
}

function itemSchema(trustDomain: TrustDomain): z.ZodType<DefinitionText> {
  const shape = {
    name: FIELDS.name,
    command: FIELDS.command,
    args: FIELDS.words.default([]),
    caller_args: choice(['none', 'append']).default('none'),
    cwd: FIELDS.cwd.optional(),
    env: known({
      pass: FIELDS.variables.default([]),
      set: FIELDS.values.default({}),
      dangerous: FIELDS.variables.default([]),
    }).prefault({}),
    secrets: FIELDS.secrets(secretSchema()).default([]),
    may_launch: known({
      users: FIELDS.accounts.default([]),
      groups: FIELDS.accounts.default([]),
      spiffe_ids: spiffeIds(trustDomain).default([]),
    }).prefault({}),
    run_as: FIELDS.account.optional(),
    limits: limitsSchema().default({}),
    restart: choice(['never', 'on-failure', 'always']).default('never'),
  } satisfies Record<(typeof DEFINITION_FIELDS)[number], z.ZodType>;
  return known(shape).transform(({ caller_args, may_launch, run_as, ...item }) => ({
    ...item,
    cwd: item.cwd,
    callerArgs: caller_args,
    mayLaunch: { users: may_launch.users, groups: may_launch.groups, spiffeIds: may_launch.spiffe_ids },
    runAs: run_as,
  }));
}

/** Which of the two a secret has is one of the rules. */
function secretSchema(): z.ZodType<Secret> {
  return known({
    name: FIELDS.fileName,
    file: FIELDS.path.optional(),
    credential: FIELDS.fileName.optional(),
  }).transform(({ name, file, credential }) =>
    file === undefined ? { name, credential: credential ?? '' } : { name, file },
  );
}

function limitsSchema(): z.ZodType<LaunchDefinition['limits']> {
  const { limit } = FIELDS;
  const shape = Object.fromEntries(LIMIT_NAMES.map((name) => [name, limit.exactOptional()])) as Record<
    LimitName,
    z.ZodExactOptional<typeof limit>
  >;
  return known(shape);
}

function known<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: `one of ${Object.keys(shape).join(', ')}` });
}

function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodEnum<{ [Value in Values[number]]: Value }> {
  return z.enum(values, { error: values.join(' or ') });
}

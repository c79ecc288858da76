import { METRICS } from '../../src/daemon/metric-table.js';
import { SETTINGS } from '../../src/daemon/settings.js';
import { LOADER_LIMITS } from '../../src/launch/loaders/limits.js';

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly defaultValue?: unknown;
  readonly entries?: Readonly<Record<string, string>>;
}

interface Schema {
  readonly def: Definition;
  readonly description?: string | undefined;
}

/** The table of settings as the README must show it. */
export function settingsTable(): string {
  const rows = [...settings(SETTINGS as unknown as Schema, [])].map(
    ([path, standard, text]) => `| \`${path}\` | ${standard} | ${text} |`,
  );
  return ['| setting | default | means |', '|---|---|---|', ...rows].join('\n');
}

function* settings(schema: Schema, path: readonly string[]): Generator<readonly [string, string, string]> {
  const shape = shapeOf(schema);
  for (const [name, inner] of Object.entries(shape ?? {})) yield* settings(inner, [...path, name]);
  if (shape === undefined) yield [path.join('.'), defaultOf(schema), descriptionOf(schema)];
}

function shapeOf({ def }: Schema): Readonly<Record<string, Schema>> | undefined {
  return def.shape ?? (def.innerType && shapeOf(def.innerType));
}

function descriptionOf(schema: Schema): string {
  if (schema.description !== undefined) return schema.description;
  const inner = schema.def.innerType ?? schema.def.in;
  return inner === undefined ? '' : descriptionOf(inner);
}

function defaultOf({ def }: Schema): string {
  if (def.defaultValue !== undefined) return `\`${JSON.stringify(def.defaultValue).replaceAll('"', '')}\``;
  const inner = def.innerType ?? def.in;
  return inner === undefined ? '–' : defaultOf(inner);
}

/** The table of metrics as the README must show it. */
export function metricsTable(): string {
  const rows = Object.values(METRICS).map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ') || '–'} | ${help} |`,
  );
  return ['| metric | type | labels | counts |', '|---|---|---|---|', ...rows].join('\n');
}

/** The table of what loaders do not keep as usual, as the README must show it. */
export function loadersTable(): string {
  const rows = LOADER_LIMITS.map(({ of, limit }) => `| ${of} | ${limit} |`);
  return ['| of | what differs |', '|---|---|', ...rows].join('\n');
}

import type { Database } from '../../state/database.js';
import type { DefinitionText } from './definition-schema.js';
import type { LaunchDefinition } from './definition.js';

/** The definitions that were set by command, on disk. */
export class DefinitionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Errors: STATE_UNUSABLE, here and below. */
  load(): readonly LaunchDefinition[] {
    const rows = this.#database.all('SELECT definition, created_at FROM launch_definitions');
    return rows.map(({ definition, created_at }) => ({
      ...readText(String(definition)),
      createdAt: new Date(Number(created_at)),
      source: { kind: 'store' },
    }));
  }

  add(text: DefinitionText, createdAt: Date): void {
    const sql = 'INSERT INTO launch_definitions (name, definition, created_at) VALUES (?, ?, ?)';
    this.#database.run(sql, text.name, JSON.stringify(text), createdAt.getTime());
  }

  delete(name: string): void {
    this.#database.run('DELETE FROM launch_definitions WHERE name = ?', name);
  }
}

/** JSON has no undefined: those fields are simply not there. */
function readText(json: string): DefinitionText {
  const { cwd, runAs, ...rest } = JSON.parse(json) as DefinitionText;
  return { ...rest, cwd, runAs };
}

import { describe, expect, it } from 'vitest';
import { sourceFiles, target, type SourceFile } from './source-files.js';

/** A folder may import from folders above it in this list, and from itself. Folders on one line may not see each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['core'],
  ['kernel', 'encoding'],
  ['state', 'spiffe'],
  ['keys', 'entries', 'wire', 'hops'],
  ['policy', 'authority', 'measurement'],
  ['door', 'ledger'],
  ['instances'],
  ['attestation', 'launch', 'client'],
  ['issuance', 'tasks', 'mcp'],
  ['signing'],
  ['api'],
  ['daemon'],
  ['cli'],
];

/** What the published library must never drag into somebody else's program. */
const PRIVATE = [
  'kernel',
  'state',
  'keys',
  'measurement',
  'door',
  'ledger',
  'authority',
  'issuance',
  'api',
  'daemon',
  'cli',
];

const FILES = sourceFiles();

describe('the layers of src/', () => {
  it('gives every folder a place', () => {
    const placed = LAYERS.flat();
    expect(
      FILES.map(({ folder }) => folder).filter((folder) => folder !== '' && !placed.includes(folder)),
    ).toEqual([]);
  });

  it('lets no file import from a higher layer or from a neighbour', () => {
    const wrong = FILES.filter(({ folder }) => folder !== '').flatMap((file) =>
      importedFolders(file)
        .filter((to) => to !== file.folder && rankOf(to) >= rankOf(file.folder))
        .map((to) => `src/${file.path} imports ${to}/`),
    );
    expect(wrong).toEqual([]);
  });

  it('lets only kernel/ call koffi', () => {
    const callers = FILES.filter(({ imports }) => imports.includes('koffi')).map(({ folder }) => folder);
    expect(new Set(callers)).toEqual(new Set(['kernel']));
  });

  it('keeps the published entry away from the daemon', () => {
    const reached = reachableFrom('index.ts');
    expect(reached.size).toBeGreaterThan(5);
    expect([...reached].filter((path) => PRIVATE.includes(path.split('/')[0] ?? ''))).toEqual([]);
  });
});

function rankOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

function importedFolders(file: SourceFile): string[] {
  return file.imports.flatMap((specifier) => target(file, specifier)?.split('/')[0] ?? []);
}

function reachableFrom(entry: string): ReadonlySet<string> {
  const byPath = new Map(FILES.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) return;
    reached.add(path);
    for (const specifier of file.imports) visit(target(file, specifier) ?? '');
  };
  visit(entry);
  return reached;
}

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const SRC = new URL('../../src/', import.meta.url).pathname;

/** One file below src/, by its path from there. */
export interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Specifiers of every static, type-only and dynamic import. */
  readonly imports: readonly string[];
}

/** Every TypeScript file of the product. */
export function sourceFiles(): readonly SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(join(SRC, path), 'utf8');
      return {
        path,
        folder: path.includes('/') ? (path.split('/')[0] ?? '') : '',
        text,
        imports: importsOf(text),
      };
    });
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:from\s+|import\s*\(\s*|^import\s+)'([^']+)'/gm);
  return [...found].map(([, specifier = '']) => specifier);
}

/** The path from src/ that a relative import means; undefined for a package. */
export function target(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return normalize(join(dirname(file.path), specifier)).replace(/\.js$/, '.ts');
}

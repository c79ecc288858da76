import { expect, it } from 'vitest';
import { sourceFiles } from './source-files.js';

/** Clock, randomness, environment and exit come in through parameters, so that tests can move them. */
const AMBIENT =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.env\b|\bprocess\.exit\b|\bconsole\./;
/** Only the outermost rooms may touch them. */
const EDGE = /^(?:daemon|cli)\/|^client\/(?:endpoint|defaults)\.ts$|^core\/machine-clock\.ts$/;

it('takes time, randomness and environment from outside everywhere but at the edge', () => {
  const wrong = sourceFiles()
    .filter(({ path }) => !EDGE.test(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, place: `src/${path}:${index + 1}` }))
        .filter(({ line }) => AMBIENT.test(line) && !/^\s*(?:\*|\/\/|\/\*)/.test(line))
        .map(({ line, place }) => `${place} ${line.trim()}`),
    );
  expect(wrong).toEqual([]);
});

it('keeps files and functions small enough to read', () => {
  const long = sourceFiles()
    .filter(({ text }) => text.split('\n').length > 250)
    .map(({ path, text }) => `src/${path}: ${text.split('\n').length} lines`);
  expect(long).toEqual([]);
});

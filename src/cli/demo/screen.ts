import { stripVTControlCharacters } from 'node:util';
import type { CliIo } from '../io.js';
import { paintFor, type Paint } from '../paint.js';
import type { Stage } from './stage.js';

/** Of what commands print. */
const INDENT = '    ';
const WIDTH = 100 - INDENT.length;

/** What the viewer sees: numbered scenes, and command lines with what they print. */
export class Screen {
  readonly paint: Paint;
  readonly #io: CliIo;
  #scene = 0;

  constructor(io: CliIo) {
    this.#io = io;
    this.paint = paintFor(io.out, io);
  }

  title(text: string): void {
    this.#scene += 1;
    this.say('');
    this.say(this.paint.strong(`${this.#scene}. ${text}`));
  }

  say(line: string): void {
    this.#io.out.write(`${line}\n`);
  }

  /** A command line as one would type it; `remark` says what cannot be seen of it. */
  typed(command: string, remark = ''): void {
    const { faint } = this.paint;
    this.say(`  ${faint('$')} ${command}${remark === '' ? '' : faint(`    # ${remark}`)}`);
  }

  /** Shows a command line and what it prints, without the paragraphs that begin with one of `abridged`. */
  async command(stage: Stage, argv: readonly string[], abridged: readonly string[] = []): Promise<void> {
    this.typed(`spoor ${argv.join(' ')}`);
    const printed = await stage.spoor(argv, this.#io.out.isTerminal);
    const lines = abridge(printed.trimEnd().split('\n\n'), abridged).join('\n\n').split('\n');
    for (const line of lines) this.say(folded(line));
  }
}

/** In place of paragraphs that begin with one of these words, their words stand in one line, where the first would be. */
function abridge(paragraphs: readonly string[], words: readonly string[]): readonly string[] {
  const wordOf = (paragraph: string): string | undefined =>
    words.find((word) => stripVTControlCharacters(paragraph).startsWith(word));
  const left = paragraphs.map(wordOf).filter((word) => word !== undefined);
  return paragraphs.flatMap((paragraph) => {
    const word = wordOf(paragraph);
    if (word === undefined) return [paragraph];
    return word === left[0] ? [`… ${left.join(', ')}`] : [];
  });
}

/** Indents a line, and breaks it where it is wider than most terminals. */
function folded(line: string): string {
  const hanging = ' '.repeat(line.length - line.trimStart().length + 2);
  const lines: string[] = [];
  for (const word of line.split(/(?<= )(?! )/)) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last + word.trimEnd()) <= WIDTH) lines[lines.length - 1] = last + word;
    else lines.push(last === undefined ? word : hanging + word);
  }
  return lines.map((text) => `${INDENT}${text}`.trimEnd()).join('\n');
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

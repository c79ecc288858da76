import { styleText } from 'node:util';
import type { CliIo, Sink } from './io.js';

type Format = Parameters<typeof styleText>[0];

/** Colours text, or leaves it alone. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
}

/**
 * The colours of one sink: none unless it is a terminal, and none when NO_COLOR is set to anything.
 *
 * Source: https://no-color.org
 */
export function paintFor(sink: Sink, io: Pick<CliIo, 'facts'>): Paint {
  const coloured = sink.isTerminal && !io.facts.env.NO_COLOR && io.facts.env.TERM !== 'dumb';
  const by =
    (format: Format) =>
    (text: string): string =>
      coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: by('bold'),
    faint: by('dim'),
    good: by('green'),
    warning: by('yellow'),
    bad: by(['bold', 'red']),
  };
}

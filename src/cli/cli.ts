import { Command, Option, type OutputConfiguration } from 'commander';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import type { CliIo } from './io.js';
import { paintFor, type Paint } from './paint.js';
import type { OutputFormat } from './report.js';

/** What `--help` says of a command. */
export interface CommandText {
  /** What it is called by, without its arguments. */
  readonly name: string;
  readonly summary: string;
  /** Whole command lines that work. */
  readonly examples: readonly string[];
  /** What `--output json` prints; such a command takes `--output`. */
  readonly json?: string;
}

/** Options that every command with an answer has. */
export interface OutputOptions {
  readonly output: OutputFormat;
}

const HELP_WIDTH = 100;

/** What the commands of one invocation share: the process they run in, and how they say things. */
export class Cli {
  readonly io: CliIo;
  #exitCode: ExitCode = 0;

  constructor(io: CliIo) {
    this.io = io;
  }

  /** What the process is to end with when no error is thrown. */
  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  /** For a command that did its work and found that an operator has something to mend. */
  endWithFindings(): void {
    this.#exitCode = EXIT_CODES.operator;
  }

  /** For a command that ends as a program did. */
  endWith(code: ExitCode): void {
    this.#exitCode = code;
  }

  /** A command with its help; arguments, options and action are for its file to add. */
  command({ name, summary, examples, json }: CommandText): Command {
    const paint = paintFor(this.io.out, this.io);
    const command = new Command(name)
      .description(summary)
      .helpOption('-h, --help', 'show this help')
      .configureHelp({ styleTitle: (text) => paint.strong(text), subcommandTerm })
      .configureOutput(this.#helpOutput())
      .exitOverride()
      .addHelpText('after', `\n${paint.strong('Examples:')}\n${lines(examples)}`);
    if (json === undefined) return command;
    return command
      .addOption(new Option('--output <format>', 'how to print').choices(['text', 'json']).default('text'))
      .addHelpText('after', `\n${paint.strong('JSON:')}\n${lines(json.split('\n'))}`);
  }

  /** A command that only holds others. */
  group(text: CommandText, commands: readonly Command[]): Command {
    const group = this.command(text).helpCommand(false);
    for (const command of commands) group.addCommand(command);
    return group;
  }

  /** Prints an answer: `value` as JSON, or the text that `render` makes for people. */
  print(options: OutputOptions, value: unknown, render: (paint: Paint) => string): void {
    const text =
      options.output === 'json' ? JSON.stringify(value, null, 2) : render(paintFor(this.io.out, this.io));
    this.io.out.write(text === '' || text.endsWith('\n') ? text : `${text}\n`);
  }

  #helpOutput(): OutputConfiguration {
    const { out, err } = this.io;
    return {
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      // Errors are reported once, by `run`, in the form that all errors have.
      outputError: () => undefined,
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      // Already decided by `paintFor`, whose answer stands.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    };
  }
}

/** Name and arguments: that each has options goes without saying. */
function subcommandTerm(command: Command): string {
  const names = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [command.name(), ...names].join(' ');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `  ${text}`).join('\n');
}

import { basename, isAbsolute } from 'node:path';
import { GRAMMARS, type Grammar, type Interpreter } from './interpreters.js';

/** What a command line runs: a program of its own, a script of an interpreter, or an interpreter with other work. */
export type Understood =
  | { readonly kind: 'program' }
  | {
      readonly kind: 'script';
      readonly interpreter: Interpreter;
      /** Place of the script in the command line. */
      readonly at: number;
      /** The script as it is written there: absolute, and perhaps a symbolic link. */
      readonly path: string;
      /** All between interpreter and script: options, their values and a subcommand. */
      readonly interpreterArgs: readonly string[];
    }
  | { readonly kind: 'no-script'; readonly interpreter: Interpreter; readonly reason: string };

type Step = { readonly next: number } | { readonly script: number } | { readonly reason: string };

/**
 * Says which element of a command line is the entry script, as the interpreter itself would find it.
 *
 * An interpreter is known by the file name of `argv[0]`. Options are read by the interpreter's own rules; where an
 * option is unknown, nobody can say whether the next element is its value, so there is no script. Node is the
 * exception, whose engine has hundreds of flags: there an unknown option takes no value, and the loader compares.
 *
 * Takes:  `argv`: command and arguments of the definition, without those of the caller, which stand behind.
 * Errors: none; what cannot be told is a reason.
 * Source: `--help` of each interpreter; for the shells, bash(1) and dash(1).
 */
export function understand(argv: readonly string[]): Understood {
  const name = basename(argv[0] ?? '');
  const grammar = GRAMMARS.find(({ names }) => names.test(name));
  if (grammar === undefined) return { kind: 'program' };
  const { interpreter } = grammar;
  const found = findScript(grammar, argv);
  if (typeof found === 'string') return { kind: 'no-script', interpreter, reason: found };
  const path = argv[found] ?? '';
  if (!isAbsolute(path)) {
    return {
      kind: 'no-script',
      interpreter,
      reason: `the script ${JSON.stringify(path)} has no absolute path`,
    };
  }
  return { kind: 'script', interpreter, at: found, path, interpreterArgs: argv.slice(1, found) };
}

/** Returns: the place of the script, or why there is none. */
function findScript(grammar: Grammar, argv: readonly string[]): number | string {
  let at = argv[1] === grammar.subcommand ? 2 : 1;
  while (at < argv.length) {
    const step = readElement(grammar, argv[at] ?? '', at);
    if ('reason' in step) return step.reason;
    if ('script' in step) return step.script < argv.length ? step.script : 'no script is named';
    at = step.next;
  }
  return 'no script is named, so it reads standard input';
}

function readElement(grammar: Grammar, element: string, at: number): Step {
  if (element === '-' && grammar.dash === 'stdin')
    return { reason: 'the script is read from standard input' };
  if (element === '--' || element === '-') return endOfOptions(grammar, element, at);
  if (element === grammar.scriptOption) return { script: at + 1 };
  if (isOption(grammar, element)) return readOption(grammar, element, at);
  if (grammar.scriptOption === undefined) return { script: at };
  return { reason: `${JSON.stringify(element)} is no file that ${grammar.scriptOption} names` };
}

function endOfOptions(grammar: Grammar, element: string, at: number): Step {
  if (grammar.scriptOption === undefined) return { script: at + 1 };
  return { reason: `it does not know ${element}` };
}

function isOption({ plus }: Grammar, element: string): boolean {
  return element.startsWith('-') || (plus === true && element.startsWith('+'));
}

function readOption(grammar: Grammar, written: string, at: number): Step {
  const [name, value] = splitValue(grammar.underscores === true ? withDashes(written) : written);
  const element = value === undefined ? name : written;
  const instead = grammar.instead.get(name) ?? grammar.instead.get(element);
  if (instead !== undefined) return { reason: `${name} ${instead}` };
  if (grammar.withValue.has(element)) return { next: at + 2 };
  if (grammar.flags.some((flag) => flag === element || (flag.endsWith('*') && startsLike(element, flag)))) {
    return { next: at + 1 };
  }
  if (value !== undefined && (grammar.withValue.has(name) || grammar.flags.includes(name)))
    return { next: at + 1 };
  if (grammar.letters !== undefined && /^[-+][^-]/u.test(element)) return readLetters(grammar, element, at);
  return grammar.unknownIsFlag === true ? { next: at + 1 } : { reason: unknown(element) };
}

/** A cluster such as `-uBWignore`: flags up to a letter that takes the rest, or the next element, as its value. */
function readLetters({ letters, instead }: Grammar, element: string, at: number): Step {
  for (let index = 1; index < element.length; index++) {
    const letter = element[index] ?? '';
    const reason = instead.get(`-${letter}`);
    if (reason !== undefined) return { reason: `-${letter} ${reason}` };
    if (letters?.attached.includes(letter) === true) return { next: at + 1 };
    if (letters?.withValue.includes(letter) === true) {
      return { next: index + 1 < element.length && letters.valueMayAttach ? at + 1 : at + 2 };
    }
    if (letters?.flags.includes(letter) !== true) return { reason: unknown(element) };
  }
  return { next: at + 1 };
}

function splitValue(element: string): readonly [string, string?] {
  const equals = element.indexOf('=');
  return equals === -1 ? [element] : [element.slice(0, equals), element.slice(equals + 1)];
}

/** `--env_file=a_b` as `--env-file=a_b`. */
function withDashes(element: string): string {
  return element.replace(/^--[^=]*/u, (name) => name.replaceAll('_', '-'));
}

function startsLike(element: string, flag: string): boolean {
  return element.startsWith(flag.slice(0, -1));
}

function unknown(element: string): string {
  return `the option ${element} is not known, so the script behind it cannot be told`;
}

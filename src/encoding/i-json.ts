import { SpoorError } from '../core/errors.js';

/** Characters of one text; the bundle of a large trust domain has some ten thousand. */
export const MAX_JSON_CHARACTERS = 4_194_304;
/** Arrays and objects inside one another. */
export const MAX_JSON_DEPTH = 64;

const WHITESPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// Everything up to the closing quote; control characters must be escaped (RFC 8259 section 7).
// oxlint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NONCHARACTER = /\p{Noncharacter_Code_Point}/u;

export interface IJsonOptions {
  /** Gives an integer that a double cannot hold exactly as a bigint, not as the nearest double. */
  readonly wideIntegers?: boolean;
}

/**
 * Reads I-JSON, the JSON that every reader understands alike.
 *
 * Returns: null, booleans, numbers, strings, arrays, and objects without prototype, so that a member called
 *          `__proto__` is a member and nothing else.
 * Errors:  JSON_INVALID, with the offset: not JSON, not UTF-8, a name given twice, a lone surrogate or noncharacter,
 *          a number beyond a double, more than MAX_JSON_DEPTH or MAX_JSON_CHARACTERS.
 * Source:  RFC 7493, RFC 8259.
 */
export function parseIJson(text: string | Uint8Array, options: IJsonOptions = {}): unknown {
  const scanner = new Scanner(
    typeof text === 'string' ? text : decodeUtf8(text),
    options.wideIntegers ?? false,
  );
  return scanner.document();
}

/** Whether a parsed value is an object; arrays and null are none. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length > MAX_JSON_CHARACTERS) throw invalid('it is too long', 0);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SpoorError('JSON_INVALID', 'not I-JSON: it is not UTF-8', { cause });
  }
}

/** A recursive descent over one text; `#at` is where it stands. */
class Scanner {
  readonly #text: string;
  readonly #wideIntegers: boolean;
  #at = 0;

  constructor(text: string, wideIntegers: boolean) {
    if (text.length > MAX_JSON_CHARACTERS) throw invalid('it is too long', 0);
    this.#text = text;
    this.#wideIntegers = wideIntegers;
  }

  document(): unknown {
    const value = this.#value(0);
    if (this.#next() !== undefined) throw this.#unexpected('the end');
    return value;
  }

  #value(depth: number): unknown {
    const first = this.#next();
    if (depth === MAX_JSON_DEPTH && (first === '{' || first === '[')) {
      throw invalid(`it is nested deeper than ${MAX_JSON_DEPTH}`, this.#at);
    }
    switch (first) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      case undefined:
      default:
        return this.#number();
    }
  }

  #object(depth: number): Record<string, unknown> {
    const members = Object.create(null) as Record<string, unknown>;
    this.#at += 1;
    if (this.#take('}')) return members;
    do {
      if (this.#next() !== '"') throw this.#unexpected('a name');
      const start = this.#at;
      const name = this.#string();
      if (Object.hasOwn(members, name)) throw invalid('a name is given twice in one object', start);
      if (!this.#take(':')) throw this.#unexpected('a colon');
      members[name] = this.#value(depth + 1);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#unexpected('a comma or closing brace');
    return members;
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#at += 1;
    if (this.#take(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected('a comma or closing bracket');
    return items;
  }

  #string(): string {
    const start = this.#at;
    const raw = this.#match(STRING);
    if (raw === undefined)
      throw invalid('a string does not end, or holds a bad escape or control character', start);
    const text = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    if (!text.isWellFormed()) throw invalid('a string holds a lone surrogate', start);
    if (NONCHARACTER.test(text)) throw invalid('a string holds a noncharacter', start);
    return text;
  }

  #number(): number | bigint {
    const start = this.#at;
    const raw = this.#match(NUMBER);
    if (raw === undefined) throw this.#unexpected('a value');
    const number = Number(raw);
    if (!Number.isFinite(number)) throw invalid('a number is out of range', start);
    const wide = this.#wideIntegers && /^-?\d+$/.test(raw) && !Number.isSafeInteger(number);
    return wide ? BigInt(raw) : number;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('a value');
    this.#at += word.length;
    return value;
  }

  /** The next character that is not white space; undefined at the end. */
  #next(): string | undefined {
    this.#match(WHITESPACE);
    return this.#text[this.#at];
  }

  #take(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #unexpected(wanted: string): SpoorError {
    return invalid(`found something else in place of ${wanted}`, this.#at);
  }
}

function invalid(why: string, offset: number): SpoorError {
  return new SpoorError('JSON_INVALID', `not I-JSON: ${why}`, { facts: { offset } });
}

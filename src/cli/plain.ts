/** What moves a cursor, ends a line, or turns the direction of writing; nothing that anybody reads. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The same value, whose texts can be printed on a terminal and in a row of a table: what strangers have chosen, such as
 * the path of a program or a claim, can then neither write over what is printed nor look like another line of it.
 *
 * Shape: each character that is not to be seen becomes its code, e.g. `\u{1b}`.
 */
export function plain<T>(value: T): T {
  if (typeof value === 'string') return plainText(value) as T;
  if (Array.isArray(value)) return value.map(plain) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [plainText(name), plain(each)])) as T;
}

function plainText(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Text that YAML 1.2 reads as itself, outside of and within a flow list; single spaces between words are part of it. */
const PLAIN = /^[A-Za-z0-9/._](?:[A-Za-z0-9/._{}@+=~*-]|:(?=[^ ])| (?=[A-Za-z0-9/._]))*$/;
const PLAIN_IN_LIST = /^[A-Za-z0-9/._](?:[A-Za-z0-9/._@+=~*-]|:(?=[^ ])| (?=[A-Za-z0-9/._]))*$/;
const DOUBLE_QUOTED = /^"([^"\\]*)"$/;
const SINGLE_QUOTED = /^'([^']*)'$/;
/** What the core schema of YAML 1.2 (section 10.3.2) takes for something other than text. */
const NO_TEXT =
  /^(?:true|True|TRUE|false|False|FALSE|null|Null|NULL|~|0o[0-7]+|0x[\da-fA-F]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Reads one line of text, plain or in simple quotes, with a comment behind it or not. Undefined for all else. */
export function readScalar(text: string): string | undefined {
  return readValue(withoutComment(text), PLAIN);
}

/** Reads `[a, b]` on one line. Undefined when it is anything beyond simple texts. */
export function readFlowList(text: string): string[] | undefined {
  const inner = /^\[(.*)\]$/.exec(withoutComment(text))?.[1]?.trim();
  if (inner === undefined || inner === '') return inner === '' ? [] : undefined;
  const values = inner.split(',').map((part) => readValue(part.trim(), PLAIN_IN_LIST));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function readValue(text: string, plain: RegExp): string | undefined {
  if (plain.test(text)) return NO_TEXT.test(text) ? undefined : text;
  return (DOUBLE_QUOTED.exec(text) ?? SINGLE_QUOTED.exec(text))?.[1];
}

/** Only where no quote can hide the sign: such a line is left whole, and is then not plain. */
function withoutComment(text: string): string {
  const at = text.indexOf(' #');
  if (at === -1) return text.trimEnd();
  const before = text.slice(0, at).trimEnd();
  return readValue(before, PLAIN) !== undefined || before.endsWith(']') ? before : text;
}

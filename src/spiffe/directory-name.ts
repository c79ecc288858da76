import { DerReader } from '../encoding/der.js';
import { type DerNode, TAG } from '../encoding/der-node.js';

const TEXT_TAGS: ReadonlySet<number> = new Set([TAG.utf8, TAG.printable, TAG.ia5]);
/** Stands for an attribute that cannot be compared; no attribute reads so. */
const UNTOLD = '';

/**
 * Whether a Name begins with all elements of `base`, compared as RFC 5280 says: case and runs of spaces do not matter,
 * nor in which of the usual string types they are written.
 *
 * Returns: undefined when an element of either is of another type, so that it cannot be told.
 * Errors:  DER_INVALID.
 * Source:  RFC 5280 sections 4.2.1.10 and 7.1.
 */
export function isDirectoryBelow(name: Buffer, base: Buffer): boolean | undefined {
  const [elements, start] = [readElements(name), readElements(base)];
  if (elements.includes(undefined) || start.includes(undefined)) return undefined;
  return start.every((element, depth) => element === elements[depth]);
}

/** One text for each relative name, its attributes in order; undefined for one that cannot be compared. */
function readElements(name: Buffer): (string | undefined)[] {
  const sequence = DerReader.of(name).enter();
  const elements: (string | undefined)[] = [];
  while (!sequence.done) {
    const attributes: string[] = [];
    for (const set = sequence.enter(TAG.set); !set.done;) attributes.push(readAttribute(set.enter()));
    const told = !attributes.includes(UNTOLD);
    elements.push(told ? attributes.toSorted((one, other) => (one < other ? -1 : 1)).join('\n') : undefined);
  }
  return elements;
}

function readAttribute(attribute: DerReader): string {
  const type = attribute.oid();
  const value = readText(attribute, attribute.next());
  attribute.finish();
  return value === undefined ? UNTOLD : `${type}=${value}`;
}

function readText(attribute: DerReader, node: DerNode): string | undefined {
  if (!TEXT_TAGS.has(node.tag)) return undefined;
  return attribute
    .content(node)
    .toString('utf8')
    .normalize('NFKC')
    .toLowerCase()
    .trim()
    .replaceAll(/\s+/g, ' ');
}

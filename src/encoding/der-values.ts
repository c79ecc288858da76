/** A BIT STRING: the bytes, and how many bits at the end of the last one do not count. */
export interface BitString {
  readonly bytes: Buffer;
  readonly unused: number;
}

/** Each reader takes the content of one element and gives undefined when it is not in its one DER form. */
export function readBoolean(content: Buffer): boolean | undefined {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) return undefined;
  return content[0] === 0xff;
}

/** Two's complement, as short as it can be (X.690 section 8.3.2). */
export function readInteger(content: Buffer): Buffer | undefined {
  const [first, second] = content;
  if (first === undefined) return undefined;
  if (second === undefined) return content;
  const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  return padded ? undefined : content;
}

/** The unused bits must be zero (X.690 section 11.2.1). */
export function readBitString(content: Buffer): BitString | undefined {
  const unused = content[0];
  if (unused === undefined || unused > 7) return undefined;
  const bytes = content.subarray(1);
  const last = bytes.at(-1);
  if (last === undefined) return unused === 0 ? { bytes, unused } : undefined;
  return (last & ((1 << unused) - 1)) === 0 ? { bytes, unused } : undefined;
}

/** Dotted decimal; arcs up to 2^49, which is more than any that is in use. */
export function readOid(content: Buffer): string | undefined {
  if (content.length === 0 || content.length > 64 || (content.at(-1) ?? 0) >= 0x80) return undefined;
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) return undefined;
    arc = arc * 128 + (byte & 0x7f);
    if (arc > 2 ** 49) return undefined;
    fresh = byte < 0x80;
    if (!fresh) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [head = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(head / 40));
  return [top, head - top * 40, ...rest].join('.');
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** UTC, seconds, `Z`; the two digits of the year mean 1950 to 2049 (RFC 5280 section 4.1.2.5.1). */
export function readUtcTime(content: Buffer): Date | undefined {
  const [year = 0, ...rest] = fieldsOf(content, UTC_TIME);
  return instantOf(year + (year < 50 ? 2000 : 1900), rest);
}

/** UTC, seconds without fraction, `Z` (RFC 5280 section 4.1.2.5.2). */
export function readGeneralizedTime(content: Buffer): Date | undefined {
  const [year = 0, ...rest] = fieldsOf(content, GENERALIZED_TIME);
  return instantOf(year, rest);
}

function fieldsOf(content: Buffer, form: RegExp): readonly number[] {
  return form.exec(content.toString('latin1'))?.slice(1).map(Number) ?? [];
}

function instantOf(year: number, rest: readonly number[]): Date | undefined {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second);
  // Date carries 31 February over into March; what does not come back as it went in was no instant.
  const back = [
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
  ];
  return back.every((field, i) => field === rest[i]) ? at : undefined;
}

/** `YYMMDDHHMMSSZ` before 2050, with four digits of the year from then on. */
export function timeOctets(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return Buffer.from(`${at.getUTCFullYear() < 2050 ? digits.slice(2) : digits}Z`, 'latin1');
}

/** The length of an element, in as few octets as can be. */
export function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  return [0x80 | octets.length, ...octets];
}

/** An unsigned number as INTEGER content: no needless zeros, and one where the top bit is set. */
export function unsignedOctets(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  return (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
}

/** Dotted decimal as OBJECT IDENTIFIER content. */
export function oidOctets(dotted: string): Buffer {
  const [top = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return Buffer.from([top * 40 + second, ...rest].flatMap(base128));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest % 128) | 0x80);
  }
  return octets;
}

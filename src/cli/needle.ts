import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SpoorError } from '../core/errors.js';

const HEX = /^(?:[0-9a-f]{2}:)*[0-9a-f]+$/iu;
const TOKEN = /^[\w-]+\.([\w-]+)\.[\w-]+$/u;

/**
 * What to look for in the record.
 *
 * Takes:   `given` — hex as any tool prints it (capitals, colons), a jti, an instance id, or the path of a file with a
 *          PEM certificate or a token: a file is told by a slash or a dot in its name.
 * Returns: hex in lower case without colons, or the text as it is.
 * Errors:  ARGUMENT_INVALID for a file that cannot be read or holds neither, and for a token itself.
 */
export async function needleOf(given: string): Promise<string> {
  if (HEX.test(given)) return given.replaceAll(':', '').toLowerCase();
  if (!/[./]/u.test(given)) return given;
  // Not looked for, and not said again: other users can see arguments, and our message would end in a log.
  if (jtiOf(given) !== undefined)
    throw new SpoorError('ARGUMENT_INVALID', 'that is a token itself: name a file that holds it, or its jti');
  return needleIn((await textOf(given)).trim(), given);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SpoorError('ARGUMENT_INVALID', `cannot read ${file}`, { facts: { file }, cause });
  }
}

function needleIn(text: string, file: string): string {
  const jti = jtiOf(text);
  if (jti !== undefined) return jti;
  try {
    return new X509Certificate(text).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch (cause) {
    throw new SpoorError('ARGUMENT_INVALID', `${file} holds neither a PEM certificate nor a token`, {
      facts: { file },
      cause,
    });
  }
}

function jtiOf(text: string): string | undefined {
  const payload = TOKEN.exec(text)?.[1];
  if (payload === undefined) return undefined;
  try {
    const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly jti?: string };
    return jti;
  } catch {
    // Three parts that hold no JSON are no token; the caller says what was expected.
    return undefined;
  }
}

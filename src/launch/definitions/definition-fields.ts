import { z } from 'zod';
import { SpoorError } from '../../core/errors.js';
import { SpiffeId } from '../../spiffe/spiffe-id.js';
import type { TrustDomain } from '../../spiffe/trust-domain.js';
import { isPath } from './command-fault.js';

/** Of one list; so many words are no command line that anybody wrote. */
const MAX_WORDS = 1_024;
/** MAX_ARG_STRLEN, the closing NUL among them; linux/binfmts.h. */
const MAX_WORD_BYTES = 131_071;
const MAX_VARIABLES = 256;
const MAX_NAME_LENGTH = 255;
const MAX_SECRETS = 64;
const MAX_LAUNCHERS = 1_024;
const MAX_NUMBER = 4_294_967_294;

const ALLOWED = {
  word: `text without NUL bytes, in quotes if it looks like a number, of at most ${MAX_WORD_BYTES} bytes`,
  command: 'a list that begins with the program',
  words: `a list of at most ${MAX_WORDS} texts`,
  name: '1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first',
  variable: `the name of a variable: letters, digits and underscores, no digit first, at most ${MAX_NAME_LENGTH}`,
  variables: `a list of at most ${MAX_VARIABLES} names of variables`,
  path: 'an absolute path without . and .. in it',
  cwd: 'an absolute path, or caller for the folder of whoever launches',
  fileName: `the name of a file: at most ${MAX_NAME_LENGTH} bytes without /, not . or ..`,
  secrets: `a list of at most ${MAX_SECRETS} secrets`,
  account: `a name, or a number from 0 to ${MAX_NUMBER}`,
  launchers: `a list of at most ${MAX_LAUNCHERS}`,
  limit: 'a whole number from 0, or infinity',
} as const;

/** Text of which `holds` is true; `allowed` is what is said of any other. */
function textThat(holds: (value: string) => boolean, allowed: string): z.ZodString {
  return z.string({ error: allowed }).check(saying((value) => (holds(value) ? undefined : allowed)));
}

function saying(faultOf: (value: string) => string | undefined): z.core.CheckFn<string> {
  return ({ value, issues }) => {
    const message = faultOf(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value });
  };
}

const word = textThat(
  (value) => !value.includes('\0') && Buffer.byteLength(value) <= MAX_WORD_BYTES,
  ALLOWED.word,
);
const words = z.array(word, { error: ALLOWED.words }).max(MAX_WORDS, ALLOWED.words);
const variable = textThat(isVariable, ALLOWED.variable);
const variables = z.array(variable, { error: ALLOWED.variables }).max(MAX_VARIABLES, ALLOWED.variables);
const path = textThat(isPath, ALLOWED.path);
/** YAML reads a number where nobody put it in quotes. */
const account = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  textThat(isAccount, ALLOWED.account),
);

/** One check for each field of a definition, wherever it comes from. What a check says is what is allowed. */
export const FIELDS = {
  name: textThat((value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value), ALLOWED.name),
  command: z.array(word, { error: ALLOWED.command }).min(1, ALLOWED.command).max(MAX_WORDS, ALLOWED.words),
  words,
  variables,
  values: z
    .record(variable, word, { error: `a mapping of at most ${MAX_VARIABLES} variables to texts` })
    .check(({ value, issues }) => {
      const message = `at most ${MAX_VARIABLES} variables`;
      if (Object.keys(value).length > MAX_VARIABLES) issues.push({ code: 'custom', message, input: value });
    }),
  path,
  cwd: textThat((value) => value === 'caller' || value === '/' || isPath(value), ALLOWED.cwd),
  fileName: textThat(isFileName, ALLOWED.fileName),
  account,
  accounts: z.array(account, { error: ALLOWED.launchers }).max(MAX_LAUNCHERS, ALLOWED.launchers),
  limit: z.union([z.literal('infinity'), z.int().min(0, ALLOWED.limit)], { error: ALLOWED.limit }),
  secrets: <Secret extends z.ZodType>(secret: Secret) =>
    z.array(secret, { error: ALLOWED.secrets }).max(MAX_SECRETS, ALLOWED.secrets),
} as const;

/** SPIFFE IDs of instances of one's own trust domain. */
export function spiffeIds(trustDomain: TrustDomain): z.ZodArray<z.ZodString> {
  const one = z.string({ error: 'a SPIFFE ID' }).check(saying((value) => spiffeIdFault(value, trustDomain)));
  return z.array(one, { error: ALLOWED.launchers }).max(MAX_LAUNCHERS, ALLOWED.launchers);
}

function spiffeIdFault(value: string, { name }: TrustDomain): string | undefined {
  try {
    const id = SpiffeId.parse(value);
    return id.trustDomain.name === name && id.path !== '' ? undefined : `a SPIFFE ID of ${name} with a path`;
  } catch (error) {
    if (error instanceof SpoorError) return `a SPIFFE ID, and this is ${error.message}`;
    throw error;
  }
}

/** POSIX.1-2017, Base Definitions, 8.1, with lower case beside upper case. */
function isVariable(value: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) && value.length <= MAX_NAME_LENGTH;
}

function isFileName(value: string): boolean {
  const isOne = /^[^/\0]+$/.test(value) && value !== '.' && value !== '..';
  return isOne && Buffer.byteLength(value) <= MAX_NAME_LENGTH;
}

/** useradd(8): what distributions take for names, `DOMAIN\user` and `user@domain` of directory services among them. */
function isAccount(value: string): boolean {
  if (/^\d+$/.test(value)) return /^(?:0|[1-9]\d{0,9})$/.test(value) && Number(value) <= MAX_NUMBER;
  return /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(value) && value.length <= MAX_NAME_LENGTH;
}

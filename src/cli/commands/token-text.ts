import type { Paint } from '../paint.js';
import { relative } from '../since.js';
import { indented, table } from '../table.js';

/** What is shown of a token. */
export interface ShownToken {
  readonly spiffe_id: string;
  readonly hint: string;
  /** Of JWT-SVIDs only. */
  readonly audience?: readonly string[];
  readonly expires_at: string;
  readonly token: string;
}

/** Tokens for people: what each says, and itself. */
export function tokensText(
  tokens: readonly ShownToken[],
  files: readonly string[],
  now: Date,
  paint: Paint,
): string {
  return [
    ...tokens.map((token) => tokenText(token, now, paint)),
    ...files.map((file) => `wrote ${file}`),
  ].join('\n');
}

function tokenText(
  { spiffe_id, hint, audience, expires_at, token }: ShownToken,
  now: Date,
  paint: Paint,
): string {
  const fields = [
    ...(audience === undefined ? [] : [['audience', audience.join(', ')]]),
    ['expires', relative(new Date(expires_at), now)],
    ...(hint === '' ? [] : [['hint', hint]]),
    ['token', token],
  ];
  return `${paint.strong(spiffe_id)}\n${indented(table(fields))}`;
}

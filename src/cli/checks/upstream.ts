import { loadUpstream } from '../../authority/upstream.js';
import type { Config } from '../../daemon/config.js';
import { loadPassphrase } from '../../keys/passphrase.js';
import type { CliIo } from '../io.js';
import { failureOf, ok, type Finding } from './finding.js';

const SUBJECT = 'upstream';

/** The files of the user's own PKI, read with the daemon's own code; nothing where none are set. */
export async function checkUpstream(
  { upstream, keys, trustDomain }: Config,
  { clock, facts }: CliIo,
): Promise<readonly Finding[]> {
  if (upstream === undefined) return [];
  try {
    const source = keys.passphrase_file;
    const passphrase = source && (await loadPassphrase(source, facts.env.CREDENTIALS_DIRECTORY));
    const { notAfter } = await loadUpstream(upstream, trustDomain, clock.now(), passphrase);
    return [ok(SUBJECT, `${upstream.certificate} can sign until ${notAfter.toISOString()}`)];
  } catch (error) {
    return [failureOf(SUBJECT, error)];
  }
}

import { SpoorError } from '../../core/errors.js';
import type { PathFacts } from '../../core/paths.js';
import { loadConfig, type Config, type Flags } from '../../daemon/config.js';
import { failure, ok, type Finding } from './finding.js';

const SUBJECT = 'settings';

/** The settings as `spoord` would read them, and what there is to say of them. */
export interface CheckedSettings {
  /** Undefined when they are not valid: then nothing that rests on them can be checked. */
  readonly config: Config | undefined;
  readonly findings: readonly Finding[];
}

/** Reads the settings with the daemon's own code: every fault is a finding. */
export function checkSettings(flags: Flags, facts: PathFacts): CheckedSettings {
  try {
    const config = loadConfig(flags, facts);
    const from = config.file ?? 'no settings file, flags and defaults only';
    const what = `${from}: trust domain ${config.trustDomain.name}, ${config.mode} mode`;
    return { config, findings: [ok(SUBJECT, what)] };
  } catch (error) {
    if (!(error instanceof SpoorError) || error.code !== 'CONFIG_INVALID') throw error;
    return { config: undefined, findings: faultsOf(error) };
  }
}

/** One finding for each fault: the message lists them below its first line. */
function faultsOf({ message, remedy }: SpoorError): readonly Finding[] {
  const [head = '', ...faults] = message.split('\n').map((line) => line.trim());
  return (faults.length === 0 ? [head] : faults).map((fault) => failure(SUBJECT, fault, remedy));
}

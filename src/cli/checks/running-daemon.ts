import { SpoorError } from '../../core/errors.js';
import type { Config } from '../../daemon/config.js';
import type { Problem } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { ok, warning, type Finding } from './finding.js';

const SUBJECT = 'daemon';

/** What the running daemon itself knows to be wrong; a daemon that is away is no fault of the settings. */
export async function checkRunningDaemon({ adminSocket }: Config, cli: Cli): Promise<readonly Finding[]> {
  try {
    const { problems } = await withAdmin(cli, { adminSocket }, (admin) => admin.call('CheckDaemon', {}));
    return problems.length === 0
      ? [ok(SUBJECT, 'it runs, and has no complaints')]
      : problems.map(problemFinding);
  } catch (error) {
    if (!(error instanceof SpoorError)) throw error;
    if (error.code === 'DAEMON_UNREACHABLE') return [ok(SUBJECT, `none runs at ${adminSocket}`)];
    return [warning(SUBJECT, error.message, error.remedy)];
  }
}

function problemFinding({
  severity,
  subject,
  message,
  remedy,
  file,
  line,
  found,
  allowed,
}: Problem): Finding {
  const details = found === '' ? '' : `: found ${found}`;
  return {
    severity: severity === 'error' ? 'error' : 'warning',
    subject,
    message: message + details,
    remedy: allowed === '' ? remedy : `Allowed: ${allowed}. ${remedy}`.trim(),
    ...(file !== '' && { file, line }),
  };
}

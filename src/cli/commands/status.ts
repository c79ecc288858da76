import type { Command } from 'commander';
import type { InstanceStatus, Status } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { counted } from '../counted.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import type { Paint } from '../paint.js';
import { relativeText, span } from '../since.js';
import { headedTable, indented, table } from '../table.js';
import { AUTHORITIES_JSON, authoritiesText } from './authority-text.js';
import { PROBLEM_JSON, problemsText } from './problem-text.js';

const MAX_IDS_SHOWN = 1;

/** `spoor status`: how the daemon is, and whom it serves. */
export function status(cli: Cli): Command {
  return cli
    .command({
      name: 'status',
      summary: 'show how the daemon is: mode, instances, streams, next rotations, problems',
      examples: ['spoor status', 'spoor status --output json'],
      json: `{"version", "trust_domain", "mode": "root"|"user", "mode_note", "pid", "started_at", "agent_socket",
 "admin_socket", "state_folder", "packages_folder", "calls", "connections", "pending_connections", "streams", "entries",
 "federated_bundles", "next_rotation", "instances": [{"id", "pid", "uid", "gid", "path",
 "level": "connected"|"launched"|"asserted", "streams", "attested_at", "attested": true|false,
 "spiffe_ids": []}], "instance_count", "authorities": [], "problems": []}
authorities are as in: ${AUTHORITIES_JSON}
problems are as in: ${PROBLEM_JSON}`,
    })
    .addOption(adminSocketOption())
    .action(async (options: AdminOptions) => {
      const answer = await withAdmin(cli, options, (admin) => admin.call('GetStatus', {}));
      cli.print(options, answer, (paint) => statusText(answer, cli.io.clock.now(), paint));
    });
}

function statusText(status: Status, now: Date, paint: Paint): string {
  const sections = [
    headText(status, now, paint),
    instancesText(status, now, paint),
    authoritiesText(status.authorities, now, paint),
    status.problems.length === 0 ? paint.good('no problems') : problemsText(status.problems, paint),
  ];
  return sections.join('\n\n');
}

function headText(status: Status, now: Date, paint: Paint): string {
  const up = span((now.getTime() - Date.parse(status.started_at)) / 1_000);
  const mode = status.mode === 'user' ? paint.warning('user mode') : `${status.mode} mode`;
  const rows = [
    ['agent socket', status.agent_socket],
    ['admin socket', status.admin_socket],
    ['state', status.state_folder],
    [
      'entries',
      `${status.entries}, with bundles of ${counted(status.federated_bundles, 'other trust domain')}`,
    ],
    ['connections', `${status.connections} open, ${status.pending_connections} at the door`],
    ['calls', `${status.calls} so far, ${counted(status.streams, 'stream')} open`],
    ['next rotation', relativeText(status.next_rotation, now)],
  ];
  const title = `${paint.strong(`spoord ${status.version}`)} for ${paint.strong(status.trust_domain)}`;
  const note = status.mode_note === '' ? '' : `\n${indented(paint.faint(status.mode_note))}`;
  return `${title}: ${mode}, pid ${status.pid}, up ${up}${note}\n${indented(table(rows))}`;
}

function instancesText({ instances, instance_count: count }: Status, now: Date, paint: Paint): string {
  const rows = instances.map((instance) => [
    String(instance.pid),
    String(instance.uid),
    instance.level,
    String(instance.streams),
    instance.attested ? relativeText(instance.attested_at, now) : paint.bad('lost'),
    instance.path || '-',
    idsText(instance, paint),
  ]);
  const heading = ['pid', 'uid', 'level', 'streams', 'attested', 'program', 'SPIFFE ID'];
  const more = count > instances.length ? `\nand ${count - instances.length} more` : '';
  return headedTable(heading, rows, 'no instances: nobody is connected') + more;
}

function idsText({ spiffe_ids: ids }: InstanceStatus, paint: Paint): string {
  if (ids.length === 0) return paint.warning('none');
  const more = ids.length > MAX_IDS_SHOWN ? paint.faint(` and ${ids.length - MAX_IDS_SHOWN} more`) : '';
  return ids.slice(0, MAX_IDS_SHOWN).join(' ') + more;
}

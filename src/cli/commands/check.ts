import type { Command } from 'commander';
import type { Flags } from '../../daemon/config.js';
import type { Finding } from '../checks/finding.js';
import type { Cli, OutputOptions } from '../cli.js';
import { counted } from '../counted.js';
import { withDaemonFlags } from '../daemon-flags.js';
import type { Paint } from '../paint.js';
import { table } from '../table.js';

type Options = OutputOptions & Flags;

/** `spoor check`: whether the daemon would start as it is set, and what to do where it would not. */
export function check(cli: Cli): Command {
  return withDaemonFlags(
    cli.command({
      name: 'check',
      summary:
        'check settings, entries, bundles, launch definitions, sockets, permissions and kernel, and say what to do',
      examples: [
        'spoor check',
        'spoor check --config ./spoor.yaml',
        'spoor check --trust-domain example.org --output json',
      ],
      json: `{"findings": [{"severity": "ok"|"warning"|"error", "subject", "message", "remedy", "file", "line"}],
 "errors": 0, "warnings": 0}
file and line only where they apply. Exit code 3 when there are errors.`,
    }),
  ).action(async (options: Options) => {
    const { checkAll } = await import('../checks/check-all.js');
    const findings = await checkAll(cli, options);
    const errors = count(findings, 'error');
    const warnings = count(findings, 'warning');
    if (errors > 0) cli.endWithFindings();
    cli.print(options, { findings, errors, warnings }, (paint) =>
      findingsText(findings, errors, warnings, paint),
    );
  });
}

function findingsText(findings: readonly Finding[], errors: number, warnings: number, paint: Paint): string {
  const rows = findings.flatMap((finding) => findingRows(finding, paint));
  return `${table(rows)}\n\n${verdict(errors, warnings, paint)}`;
}

function findingRows({ severity, subject, message, remedy, file, line }: Finding, paint: Paint): string[][] {
  const shown = { ok: paint.good, warning: paint.warning, error: paint.bad }[severity](severity);
  const where = file === undefined ? '' : `${file}${line ? `:${line}` : ''}: `;
  const head = [shown, subject, where + message];
  return remedy === '' ? [head] : [head, ['', '', paint.faint(remedy)]];
}

function verdict(errors: number, warnings: number, paint: Paint): string {
  const counts = `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
  if (errors > 0) return paint.bad(counts);
  return warnings > 0 ? paint.warning(counts) : paint.good('everything is in order');
}

function count(findings: readonly Finding[], severity: Finding['severity']): number {
  return findings.filter((finding) => finding.severity === severity).length;
}

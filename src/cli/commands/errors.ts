import type { Command } from 'commander';
import { ERRORS, SpoorError, type Kind } from '../../core/errors.js';
import type { Cli, OutputOptions } from '../cli.js';
import { EXIT_CODES } from '../exit-code.js';
import { headedTable } from '../table.js';

interface Row {
  readonly code: string;
  readonly kind: Kind;
  readonly exit_code: number;
  readonly remedy: string;
}

/** `spoor errors`: every code, who must act, and what to do. */
export function errors(cli: Cli): Command {
  return cli
    .command({
      name: 'errors',
      summary: 'list every error code with who must act and what to do',
      examples: ['spoor errors', 'spoor errors IDENTITY_NOT_ISSUED'],
      json: '{"errors": [{"code", "kind": "caller"|"operator"|"workload"|"wait"|"bug", "exit_code", "remedy"}]}',
    })
    .argument('[code]', 'only this one')
    .action((code: string | undefined, options: OutputOptions) => {
      const rows = tableOfErrors().filter((row) => code === undefined || row.code === code.toUpperCase());
      if (rows.length === 0) {
        throw new SpoorError('ARGUMENT_INVALID', 'no error has that code', { facts: { found: code ?? '' } });
      }
      cli.print(options, { errors: rows }, () => errorsText(rows));
    });
}

function errorsText(rows: readonly Row[]): string {
  const cells = rows.map(({ code, kind, exit_code, remedy }) => [code, kind, String(exit_code), remedy]);
  return headedTable(['code', 'kind', 'exit', 'remedy'], cells, 'no errors');
}

function tableOfErrors(): readonly Row[] {
  return Object.entries(ERRORS).map(([code, { kind, remedy }]) => ({
    code,
    kind,
    exit_code: EXIT_CODES[kind],
    remedy,
  }));
}

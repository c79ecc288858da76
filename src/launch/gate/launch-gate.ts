import { readConfinement } from '../../measurement/confinement.js';
import type { AccountTable, Account } from '../../measurement/accounts.js';
import type { LaunchedProcesses } from '../../instances/launched-processes.js';
import type { MeasuredProcess } from '../../measurement/process.js';
import { readStatus, type ProcessStatus } from '../../measurement/status.js';
import { SpoorError } from '../../core/errors.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import { judgeCaller, type LaunchCaller, type LaunchHost } from './judge.js';

export interface LaunchGateDeps {
  readonly host: LaunchHost;
  readonly launched: LaunchedProcesses;
  readonly accounts: { table(): Promise<AccountTable> };
  /** What a process may be by the entries now; nothing where it cannot be attested. */
  readonly identify: (process: MeasuredProcess) => Promise<Identity>;
}

/** What the daemon knows a process as. */
export interface Identity {
  /** Id of its instance. */
  readonly instance: string;
  readonly spiffeIds: readonly string[];
}

/** A launch that was let through. */
export interface LetThrough {
  /** As whom the program is to run. */
  readonly account: Account;
  /** Id of the instance that launches, where the definition names its SPIFFE ID. */
  readonly parent: string | undefined;
}

/** Decides who may launch what, and as whom it then runs. */
export class LaunchGate {
  readonly #deps: LaunchGateDeps;

  constructor(deps: LaunchGateDeps) {
    this.#deps = deps;
  }

  /** Errors: LAUNCH_REFUSED; LAUNCH_FAILED when there is no such user, or it would be root. */
  async pass(definition: LaunchDefinition, process: MeasuredProcess): Promise<LetThrough> {
    const table = await this.#deps.accounts.table();
    const identity = await this.#identityOf(definition, process);
    const status = readStatus(process.folder);
    const caller = this.#callerOf(process, status, table, identity?.spiffeIds ?? []);
    judgeCaller(definition, caller, this.#deps.host);
    const isNamed = identity?.spiffeIds.some((id) => definition.mayLaunch.spiffeIds.includes(id)) ?? false;
    return {
      account: this.#accountOf(definition, status, table),
      parent: isNamed ? identity?.instance : undefined,
    };
  }

  /** The user of the definition; else the caller just as it is, with no group more than it has. */
  #accountOf({ name, runAs }: LaunchDefinition, caller: ProcessStatus, table: AccountTable): Account {
    const { mode, uid: own } = this.#deps.host;
    const account = runAs === undefined ? asCaller(caller, table) : table.user(runAs);
    if (account === undefined)
      throw failed(`${name} is to run as ${runAs}, and /etc/passwd has no such user`);
    if (mode === 'user' && account.uid !== own) {
      throw failed(
        `${name} is to run as ${runAs}, and a daemon in user mode runs programs as its own user only`,
      );
    }
    if (mode === 'root' && account.uid === 0) {
      throw failed(
        `${name} would run as root, whom no measured file could hold: its definition needs run_as`,
      );
    }
    return account;
  }

  /** Asked only where it counts: it has the caller attested. */
  async #identityOf(
    { mayLaunch }: LaunchDefinition,
    process: MeasuredProcess,
  ): Promise<Identity | undefined> {
    return mayLaunch.spiffeIds.length === 0 ? undefined : this.#deps.identify(process);
  }

  #callerOf(
    process: MeasuredProcess,
    { gid, groups }: ProcessStatus,
    table: AccountTable,
    spiffeIds: readonly string[],
  ): LaunchCaller {
    const { uid, folder } = process;
    const gids = [gid, ...groups];
    return {
      uid,
      userName: table.user(String(uid))?.name,
      gids,
      groupNames: table.groupNames(gids),
      confinement: readConfinement(folder),
      launchedAs: this.#launchedAs(process),
      spiffeIds,
    };
  }

  #launchedAs(process: MeasuredProcess): string | undefined {
    const { launched } = this.#deps;
    const facts = launched.factsOf(process);
    if (facts !== undefined) return `the launched instance ${facts.instance} (${facts.name})`;
    const origin = launched.originOf(process);
    if (origin === undefined) return undefined;
    if (origin.launched === undefined) return 'a process that comes from a launched one';
    const { instance, name } = origin.launched.facts;
    return `a process that comes from the launched instance ${instance} (${name})`;
  }
}

/** A user that /etc/passwd does not have is its number, at home in /. */
function asCaller({ uid, gid, groups }: ProcessStatus, table: AccountTable): Account {
  const known = table.user(String(uid)) ?? { name: String(uid), home: '/', shell: '/bin/sh' };
  return { ...known, uid, gid, groups };
}

function failed(message: string): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message);
}

import { executeDescriptor } from '../../kernel/execution.js';
import { errnoName, Libc } from '../../kernel/libc.js';
import { ProcessSetup } from '../../kernel/process-setup.js';
import { forbidCore } from '../../kernel/process-control.js';
import { DESCRIPTORS, READY, type Stage2Failure, type Stage2Order } from './stage2-order.js';

// The program between the daemon and the one that is launched: `node --disable-sigusr1 stage2.js`. It becomes what the
// order says, step by step, and executes the descriptor that was measured.

// Imported, it would load all streams of Node.js, which the launch would wait for.
const { readFileSync, writeFileSync, writeSync } = process.getBuiltinModule('node:fs');

const OOM_SCORE = '/proc/self/oom_score_adj';

/** What a shell answers for a program that cannot be started. */
const EXIT_FAILED = 126;

/**
 * Returns: why the program does not execute; else nothing returns.
 * Source:  decision 4, for the order of the steps.
 */
function becomeAndExecute(order: Stage2Order): string {
  const libc = new Libc();
  const setup = new ProcessSetup(libc);
  for (const file of order.cgroups) writeFileSync(file, '0');
  setup.startSession();
  setup.keepBelow(order.loaded ? DESCRIPTORS.gate + 1 : DESCRIPTORS.script);
  setup.resetPriority();
  setup.resetScheduling();
  resetOomScore();
  forbidCore(libc);
  for (const [resource, soft, hard] of order.limits) setup.limit(resource, soft, hard);
  if (order.become !== undefined) {
    setup.dropBoundingSet();
    setup.setGroups(order.become.groups);
    setup.become(order.become.uid, order.become.gid);
    setup.leaveKeyring();
  }
  // As the user: root could take a terminal for it that it may not read.
  if (order.terminal) setup.takeTerminal(0);
  enterFirst(order.cwd);
  process.umask(order.umask);
  setup.resetSignals();
  setup.forbidNewPrivileges();
  writeSync(DESCRIPTORS.status, READY);
  const errno = executeDescriptor(libc, DESCRIPTORS.executable, order.argv, order.env);
  return `execveat failed with ${errnoName(errno)}`;
}

/** The kernel spares it no more than others when memory runs out, even if it spares the daemon. Source: proc_pid_oom_score_adj(5). */
function resetOomScore(): void {
  if (Number(readFileSync(OOM_SCORE, 'utf8')) < 0) writeFileSync(OOM_SCORE, '0');
}

/** As the user of the program: a folder that it may not enter is as good as none. */
function enterFirst([folder = '/', ...others]: readonly string[]): void {
  try {
    process.chdir(folder);
  } catch (error) {
    if (others.length === 0) throw error;
    enterFirst(others);
  }
}

function attempt(): string {
  try {
    return becomeAndExecute(JSON.parse(readFileSync(DESCRIPTORS.order, 'utf8')) as Stage2Order);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const failure: Stage2Failure = { failure: attempt() };
writeSync(DESCRIPTORS.status, JSON.stringify(failure));
process.exitCode = EXIT_FAILED;

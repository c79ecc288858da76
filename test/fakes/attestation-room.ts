import { randomBytes } from 'node:crypto';
import { AccountFiles } from '../../src/measurement/account-names.js';
import { Attestors } from '../../src/attestation/attest.js';
import type { Attestor } from '../../src/attestation/attestor.js';
import { ProcessAttestor } from '../../src/attestation/process-attestor.js';
import { UnixAttestor } from '../../src/attestation/unix-attestor.js';
import { NO_METRICS, type Metrics } from '../../src/core/metrics.js';
import type { RecordEvent } from '../../src/core/record.js';
import { InstanceRegistry } from '../../src/instances/instance-registry.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { CgroupMounts } from '../../src/measurement/cgroup-mounts.js';
import { CgroupOwners } from '../../src/measurement/cgroup-owners.js';
import { budgetLimits, DescriptorBudget } from '../../src/measurement/descriptor-budget.js';
import { Digests } from '../../src/measurement/digests.js';
import { ProcessTable } from '../../src/measurement/process-table.js';
import { ProcessTree } from '../../src/measurement/process-tree.js';
import { FakeClock } from './fake-clock.js';
import { MemoryLog } from './memory-log.js';

export interface AttestationRoomOptions {
  /** Instead of the real ones. */
  readonly attestors?: readonly Attestor[];
  readonly onlyUid?: number;
  /** Where `passwd` and `group` lie. */
  readonly etc?: string;
}

/** The attestation room over real processes, with everything that it stands on; open until the end of the test. */
export function openAttestationRoom(options: AttestationRoomOptions = {}) {
  const cleanup = new AsyncDisposableStack();
  const clock = new FakeClock('2040-01-01T00:00:00Z');
  const log = new MemoryLog();
  const recorded: RecordEvent[] = [];
  const outcomes: string[] = [];
  const metrics: Metrics = { ...NO_METRICS, attested: (outcome) => outcomes.push(outcome) };
  const digests = cleanup.use(new Digests({ clock }));
  const tree = cleanup.use(new ProcessTree({ digests, clock }));
  const owners = new CgroupOwners({ mounts: new CgroupMounts(), clock });
  const unix = new UnixAttestor({ digests, accounts: new AccountFiles(clock, options.etc) });
  const process = new ProcessAttestor({ tree, owners });
  const budget = new DescriptorBudget(budgetLimits(4_096));
  const processes = cleanup.use(new ProcessTable({ kernel: openKernel(), budget }));
  const instances = new InstanceRegistry({ random: randomBytes });
  const recorder = {
    append: async (event: RecordEvent): Promise<void> => void recorded.push(event),
  };
  const attestors = new Attestors({
    attestors: options.attestors ?? [unix, process],
    clock,
    log,
    metrics,
    recorder,
    ...(options.onlyUid !== undefined && { onlyUid: options.onlyUid }),
  });
  return {
    clock,
    log,
    recorded,
    outcomes,
    digests,
    tree,
    unix,
    process,
    processes,
    instances,
    attestors,
    /** Measures a running process, as the door does with one that connects. */
    instance: (pid: number) => instances.of(processes.acquirePid(pid)),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

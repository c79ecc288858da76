import { AccountFiles } from '../../measurement/account-names.js';
import { Attestors } from '../../attestation/attest.js';
import { LaunchAttestor } from '../../attestation/launch-attestor.js';
import { ProcessAttestor } from '../../attestation/process-attestor.js';
import { UnixAttestor } from '../../attestation/unix-attestor.js';
import { InstanceRegistry } from '../../instances/instance-registry.js';
import { LaunchedProcesses } from '../../instances/launched-processes.js';
import type { Instance } from '../../instances/instance.js';
import { Views } from '../../issuance/workload-view.js';
import { descriptorLimit } from '../../kernel/process-control.js';
import { CgroupMounts } from '../../measurement/cgroup-mounts.js';
import { CgroupOwners } from '../../measurement/cgroup-owners.js';
import { budgetLimits, DescriptorBudget, type BudgetLimits } from '../../measurement/descriptor-budget.js';
import { DigestMemory } from '../../measurement/digest-memory.js';
import { Digests } from '../../measurement/digests.js';
import { ProcessTable } from '../../measurement/process-table.js';
import { ProcessTree } from '../../measurement/process-tree.js';
import type { Config } from '../config.js';
import type { Ground } from './ground.js';
import type { Kept } from './kept.js';

const MIB = 1_048_576;

/** Who is there, what is true of them, and what they are given. */
export interface Instances {
  readonly processes: ProcessTable;
  readonly instances: InstanceRegistry;
  readonly launched: LaunchedProcesses;
  readonly digests: Digests;
  readonly mounts: CgroupMounts;
  readonly attestors: Attestors;
  readonly views: Views;
  readonly digestMemory: DigestMemory;
}

/** A process that leaves the table takes its instance with it, and that its documents and keys. */
export async function openInstances(
  ground: Ground,
  kept: Kept,
  opened: AsyncDisposableStack,
): Promise<Instances> {
  const { config, kernel, random, clock, log } = ground;
  const views = openViews(ground, kept);
  const launched = new LaunchedProcesses(process.pid);
  const onGone = (instance: Instance): void => views.forget(instance);
  const instances = new InstanceRegistry({ random, launched, onGone });
  const budget = new DescriptorBudget(descriptorLimits(config, descriptorLimit(kernel.libc)));
  const gone = instances.release.bind(instances);
  const processes = opened.use(new ProcessTable({ kernel, budget, gone }));
  const digests = opened.use(new Digests({ clock, maxBytes: config.limits.hash_size * MIB }));
  const digestMemory = await DigestMemory.open({ path: kept.digestsPath, digests, clock, log });
  const mounts = new CgroupMounts();
  const attestors = openAttestors(ground, kept, { digests, mounts, instances, launched }, opened);
  return { processes, instances, launched, attestors, views, digests, mounts, digestMemory };
}

function openAttestors(
  { config, clock, log, metrics, uid }: Ground,
  { recorder }: Kept,
  { digests, mounts, instances, launched }: Pick<Instances, 'digests' | 'mounts' | 'instances' | 'launched'>,
  opened: AsyncDisposableStack,
): Attestors {
  const tree = opened.use(new ProcessTree({ digests, clock }));
  const owners = new CgroupOwners({ mounts, clock });
  const unix = new UnixAttestor({ digests, accounts: new AccountFiles(clock) });
  const launch = new LaunchAttestor({
    launched,
    selectorsOf: (process) => instances.of(process).attestation.current.value?.selectors ?? [],
  });
  return new Attestors({
    attestors: [unix, new ProcessAttestor({ tree, owners }), launch],
    clock,
    log,
    metrics,
    recorder,
    ...(config.mode === 'user' && { onlyUid: uid }),
  });
}

function openViews({ clock, log, metrics }: Ground, kept: Kept): Views {
  const { entries, authorities, bundles, recorder, lifetimes } = kept;
  return new Views({
    entries: entries.entries,
    authorities: authorities.set,
    foreign: bundles.foreign,
    recorder,
    clock,
    random: Math.random,
    log,
    metrics,
    lifetimes,
  });
}

function descriptorLimits({ limits }: Config, limit: number): BudgetLimits {
  const standard = budgetLimits(limit);
  return {
    inAll: limits.descriptors ?? standard.inAll,
    perUid: limits.descriptors_per_uid ?? standard.perUid,
  };
}

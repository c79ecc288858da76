import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { openKernel, type Kernel } from './kernel.js';
import { ProcFolder } from './proc-folder.js';
import { descriptorLimit } from './process-control.js';
import { SocketPair } from './socket-pair.js';
import { userNamespaceOf } from './user-namespace.js';

/** One facility of the kernel: whether it is there, what for, and what to do if it is not. */
export interface KernelFeature {
  readonly name: string;
  readonly present: boolean;
  /** `required`: the daemon does not run without it. `advised`: it runs, and guards less. */
  readonly weight: 'required' | 'advised';
  readonly detail: string;
  /** Imperative; empty when nothing is to be done. */
  readonly remedy: string;
}

const MIN_DESCRIPTORS = 4096;

/**
 * What of the kernel is there, tried rather than derived from its version.
 *
 * Errors: none; what cannot be tried is reported as absent.
 */
export function kernelFeatures(kernel: Kernel = openKernel()): readonly KernelFeature[] {
  using pair = SocketPair.open(kernel);
  return [
    sender(kernel, pair),
    peerPidfd(kernel, pair),
    rights(kernel, pair),
    pidfd(kernel),
    namespace(),
    descriptors(kernel),
    yama(),
  ];
}

function sender(kernel: Kernel, pair: SocketPair): KernelFeature {
  kernel.sockets.send(pair.far, Buffer.from('?'));
  const received = kernel.receiver.receive(pair.near);
  const present = received.kind === 'chunk' && received.pid === process.pid;
  return {
    name: 'sender of each chunk (SO_PASSCRED)',
    present,
    weight: 'required',
    detail: present ? 'the kernel names the process that writes' : 'the kernel does not say who writes',
    remedy: present ? '' : 'Run Spoor on Linux 5.10 or later.',
  };
}

function peerPidfd(kernel: Kernel, pair: SocketPair): KernelFeature {
  const fd = kernel.credentials.pidfdOf(pair.near);
  if (fd !== undefined) kernel.sockets.close(fd);
  return {
    name: 'pidfd of the peer (SO_PEERPIDFD)',
    present: fd !== undefined,
    weight: 'advised',
    detail: `Linux ${release()}`,
    remedy:
      fd === undefined
        ? 'Run Linux 6.5 or later: then no process number can be reused under the daemon.'
        : '',
  };
}

function rights(kernel: Kernel, pair: SocketPair): KernelFeature {
  const present = kernel.sockets.passRights(pair.near, false);
  return {
    name: 'descriptors barred at the sockets (SO_PASSRIGHTS)',
    present,
    weight: 'advised',
    detail: `Linux ${release()}`,
    remedy: present
      ? ''
      : 'Run Linux 6.16 or later: then nobody holds up the daemon by a descriptor that it has to close.',
  };
}

function pidfd(kernel: Kernel): KernelFeature {
  const fd = kernel.pidfds.open(process.pid);
  if (fd !== undefined) kernel.sockets.close(fd);
  return {
    name: 'process descriptors (pidfd_open)',
    present: fd !== undefined,
    weight: 'required',
    detail: `Linux ${release()}`,
    remedy:
      fd === undefined ? 'Run Spoor on Linux 5.10 or later, and allow pidfd_open in its seccomp filter.' : '',
  };
}

function namespace(): KernelFeature {
  const initial = isInitialPidNamespace();
  return {
    name: 'pid namespace of the host',
    present: initial,
    weight: 'advised',
    detail: initial
      ? 'every process of the node can be seen'
      : 'processes outside this container cannot be seen',
    remedy: initial
      ? ''
      : 'Set `hostPID: true` if processes of the host, or of other containers, are to be served.',
  };
}

function descriptors(kernel: Kernel): KernelFeature {
  const limit = descriptorLimit(kernel.libc);
  return {
    name: 'file descriptors (RLIMIT_NOFILE)',
    present: limit >= MIN_DESCRIPTORS,
    weight: 'advised',
    detail: `${limit}; one uid gets at most a quarter`,
    remedy: limit >= MIN_DESCRIPTORS ? '' : 'Set LimitNOFILE=65536 in the unit, or raise the hard limit.',
  };
}

function yama(): KernelFeature {
  const scope = readNumber('/proc/sys/kernel/yama/ptrace_scope');
  const present = scope !== undefined && scope >= 1;
  return {
    name: 'ptrace kept to descendants (yama)',
    present,
    weight: 'advised',
    detail: scope === undefined ? 'there is no yama in this kernel' : `kernel.yama.ptrace_scope is ${scope}`,
    remedy: present
      ? ''
      : 'Set kernel.yama.ptrace_scope=1: else a process can read the keys of others of its user.',
  };
}

/** The first process of a namespace other than the host's is not named there; the host's number is fixed. */
function isInitialPidNamespace(): boolean {
  const PROC_PID_INIT_INO = 'pid:[4026531836]';
  try {
    using self = ProcFolder.open(process.pid);
    return self.readLink('ns/pid') === PROC_PID_INIT_INO && userNamespaceOf(self) !== undefined;
  } catch {
    // Without /proc nothing can be seen at all, which is what false says.
    return false;
  }
}

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    // The file is there only with the security module that it belongs to.
    return undefined;
  }
}

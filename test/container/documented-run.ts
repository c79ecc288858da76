import { readFileSync } from 'node:fs';

const DOCKERFILE = readFileSync(new URL('../../deploy/Dockerfile', import.meta.url), 'utf8');

/** Those that buildah gives to a container by itself: it knows no `--cap-drop=ALL` that leaves what is added. */
const DEFAULT_CAPABILITIES = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['NET_RAW', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];
/** What a change of root alone does not take away from the host, so that nothing need be given back. */
const AS_CHROOT_IS = new Set(['--cgroupns=host', '--security-opt=apparmor=unconfined']);

/** What the first lines of deploy/Dockerfile say to do, for a host whose root is another folder. */
export interface DocumentedRun {
  /** A shell script for the host. */
  readonly prepare: string;
  /** `docker run`'s flags as `buildah run` with chroot isolation takes them. */
  readonly flags: readonly string[];
}

/** Reads the indented lines of the comment at the top of deploy/Dockerfile. */
export function readDocumentedRun(hostRoot: string): DocumentedRun {
  const lines = [...DOCKERFILE.matchAll(/^# {3}(.*)$/gm)].map(([, line = '']) => line);
  const start = lines.findIndex((line) => line.startsWith('docker run '));
  const [, , ...flags] = lines.slice(start).join(' ').replaceAll('\\', '').split(/ +/);
  return {
    prepare: lines
      .slice(0, start)
      .join('\n')
      .replaceAll(/(?<= )\/(?=run|var|etc)/g, `${hostRoot}/`),
    flags: [...flagsOf(flags.slice(0, -1), hostRoot)],
  };
}

function* flagsOf(documented: readonly string[], hostRoot: string): Generator<string> {
  for (const [index, flag] of documented.entries()) {
    const [, change, capability = ''] = /^--cap-(add|drop)=(\w+)$/.exec(flag) ?? [];
    if (flag === '-v') yield* ['--volume', `${hostRoot}${documented[index + 1]}`];
    else if (flag === '--pid=host') yield flag;
    else if (change === 'add') yield `--cap-add=CAP_${capability}`;
    else if (flag === '--cap-drop=ALL') yield* DEFAULT_CAPABILITIES.map((name) => `--cap-drop=CAP_${name}`);
    else if (documented[index - 1] !== '-v' && !AS_CHROOT_IS.has(flag)) {
      throw new Error(`this suite cannot do what deploy/Dockerfile says: ${flag}`);
    }
  }
}

import { join } from 'node:path';

/** Root mode defends against hostile processes; in user mode daemon and workloads share a uid (decision 13). */
export type Mode = 'root' | 'user';

/** What the default paths depend on, passed in. */
export interface PathFacts {
  readonly uid: number;
  readonly home: string;
  /** The system's temporary folder. */
  readonly temporary: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface DefaultPaths {
  /** The folder of the sockets; in user mode without XDG_RUNTIME_DIR it must be 0700 and its owner is checked. */
  readonly runtime: string;
  readonly socket: string;
  readonly adminSocket: string;
  readonly launchSocket: string;
  readonly config: string;
  readonly entries: string;
  readonly bundles: string;
  readonly launch: string;
  readonly packages: string;
  readonly state: string;
}

/** Where sockets, settings and state lie unless told otherwise. */
export function defaultPaths(mode: Mode, facts: PathFacts): DefaultPaths {
  const { runtime, settings, state, packages } = mode === 'root' ? ROOT : userFolders(facts);
  return {
    runtime,
    socket: join(runtime, 'agent.sock'),
    adminSocket: join(runtime, 'admin.sock'),
    launchSocket: join(runtime, 'launch.sock'),
    config: join(settings, 'spoor.yaml'),
    entries: join(settings, 'entries.d'),
    bundles: join(settings, 'bundles.d'),
    launch: join(settings, 'launch.d'),
    packages,
    state,
  };
}

// Whoever runs a package must be able to read it, and nobody may look into the state.
const ROOT = {
  runtime: '/run/spoor',
  settings: '/etc/spoor',
  state: '/var/lib/spoor',
  packages: '/var/lib/spoor-packages',
} as const;

function userFolders({ uid, home, temporary, env }: PathFacts): Record<keyof typeof ROOT, string> {
  return {
    runtime: env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'spoor') : join(temporary, `spoor-${uid}`),
    settings: join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'spoor'),
    state: join(env.XDG_STATE_HOME ?? join(home, '.local', 'state'), 'spoor'),
    packages: join(env.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'spoor', 'packages'),
  };
}

/** One thing that must hold. `degraded` still serves, from what is left; `failed` does not. */
export interface HealthCheck {
  readonly name: string;
  readonly status: 'ok' | 'degraded' | 'failed';
  /** A sentence for people; empty when all is well. */
  readonly detail: string;
}

/** How the daemon is: `ready` unless a check failed. */
export interface Health {
  readonly ready: boolean;
  readonly checks: readonly HealthCheck[];
}

export type HealthProbe = () => HealthCheck;

/** Asks every probe, now. */
export function examine(probes: readonly HealthProbe[]): Health {
  const checks = probes.map((probe) => probe());
  return { ready: checks.every(({ status }) => status !== 'failed'), checks };
}

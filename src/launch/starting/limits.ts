import type { Resource } from '../../kernel/process-setup.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import type { Limit } from './stage2-order.js';

/** What programs are used to: more breaks those that use select(2). */
const USUAL_DESCRIPTORS = 1_024;

/**
 * The limits of a launched program: those of its definition, no way ahead of others, and the usual number of descriptors, since
 * the daemon itself has raised its own.
 *
 * Takes: `hardDescriptors`: the daemon's hard limit.
 */
export function launchLimits(
  { limits }: Pick<LaunchDefinition, 'limits'>,
  hardDescriptors: number,
): readonly Limit[] {
  const usual = new Map<Resource, Limit>([
    ['nice', ['nice', 0, 0]],
    ['rtprio', ['rtprio', 0, 0]],
    ['nofile', ['nofile', Math.min(USUAL_DESCRIPTORS, hardDescriptors), hardDescriptors]],
  ]);
  for (const [resource, value] of Object.entries(limits) as [Resource, number | 'infinity'][]) {
    usual.set(resource, [resource, value, value]);
  }
  return [...usual.values()];
}

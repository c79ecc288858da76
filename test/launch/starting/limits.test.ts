import { expect, it } from 'vitest';
import { launchLimits } from '../../../src/launch/starting/limits.js';

it('gives the usual number of descriptors, and no way ahead of others', () => {
  expect(launchLimits({ limits: {} }, 65_536)).toEqual([
    ['nice', 0, 0],
    ['rtprio', 0, 0],
    ['nofile', 1_024, 65_536],
  ]);
  expect(launchLimits({ limits: {} }, 512)).toContainEqual(['nofile', 512, 512]);
});

it('takes those of the definition, soft and hard', () => {
  expect(launchLimits({ limits: { nofile: 64, nproc: 10, cpu: 'infinity' } }, 65_536)).toEqual([
    ['nice', 0, 0],
    ['rtprio', 0, 0],
    ['nofile', 64, 64],
    ['nproc', 10, 10],
    ['cpu', 'infinity', 'infinity'],
  ]);
});

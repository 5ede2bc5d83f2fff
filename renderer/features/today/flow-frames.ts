import type { FlowFrame } from './flow-geometry.ts';

/** Laptop: sources on the side where reading starts, uses on the other. */
export const wideFrame = (rightToLeft: boolean): FlowFrame => ({
  shape: 'wide',
  rightToLeft,
  startU: 150,
  busU: 354,
  busSize: 11,
  endU: 600,
  topV: 24,
  extentV: 190,
  slotV: 66,
  leastBus: 104,
  mostBus: 150,
  pxPerKw: 12,
});

/** Phone: the same geometry with its axes swapped. */
export const tallFrame = (rightToLeft: boolean): FlowFrame => ({
  shape: 'tall',
  rightToLeft,
  startU: 0,
  busU: 92,
  busSize: 9,
  endU: 226,
  topV: 0,
  extentV: 328,
  slotV: 40,
  leastBus: 84,
  mostBus: 150,
  pxPerKw: 9.2,
});

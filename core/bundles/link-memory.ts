import type { Village } from '#core/village/open-village.ts';
import { learnFromLink } from './known-consoles.ts';

/** A console that stays in step is written down again after this long. */
const AGAIN_MS = 30_000;

/**
 * Remembers what each linked console has, for the day when only a stick reaches it. What is not remembered makes the
 * next file larger, never wrong.
 */
export function rememberLinks(village: Village): void {
  const writtenMs = new Map<string, number>();
  village.node.subscribe((event) => {
    if (event.type !== 'peers') return;
    for (const { device, inStep, connected } of village.node.peers()) {
      const nowMs = village.now();
      if (device === undefined || !inStep || !connected) continue;
      if (nowMs - (writtenMs.get(device) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) continue;
      writtenMs.set(device, nowMs);
      learnFromLink(village, device, village.node.marks());
    }
  });
}

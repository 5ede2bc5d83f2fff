import type { VillageMarks } from '#core/ports/village-node.ts';
import type { Village } from '#core/village/open-village.ts';
import { concat } from '#domain/bytes.ts';
import { type Manifest, packMarks, unpackMarks } from './manifest.ts';
import { joinMarks, type KnownThere } from './since.ts';

const DIGEST_BYTES = 32;

export interface KnownConsoleState extends KnownThere {
  /** 64 hex. */
  readonly device: string;
  readonly atMs: number;
  /** Told by a file it wrote, not over a wire. */
  readonly byFile: boolean;
}

/** Other consoles of the village and what each was last known to have, the newest news first. */
export function knownConsoles(village: Village): KnownConsoleState[] {
  return village.store.knownConsoles().map(({ device, atMs, byFile, have, wants }) => ({
    device,
    atMs,
    byFile,
    have: unpackMarks(have),
    wants: Array.from({ length: wants.length / DIGEST_BYTES }, (_, i) =>
      wants.slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES),
    ),
  }));
}

/**
 * Remembers what the console that wrote a file has and lacks; a file about some books leaves the others as known. Of
 * who is not in the village nothing is remembered.
 */
export function learnFromManifest(village: Village, { device, madeMs, have, wants }: Manifest): void {
  if (device === village.keys.id || !village.state().devices.has(device)) return;
  const before = knownConsoles(village).find((k) => k.device === device);
  village.store.putKnownConsole({
    device,
    atMs: Math.max(Math.min(madeMs, village.now()), before?.atMs ?? 0),
    byFile: true,
    have: packMarks(before ? joinMarks(before.have, have) : have),
    wants: concat(...wants),
  });
}

/** Remembers that a console has the same books now. */
export function learnFromLink(village: Village, device: string, have: VillageMarks): void {
  village.store.putKnownConsole({
    device,
    atMs: village.now(),
    byFile: false,
    have: packMarks(have),
    wants: new Uint8Array(0),
  });
}

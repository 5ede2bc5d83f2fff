import { networkInterfaces } from 'node:os';

const LOOK_EVERY_MS = 5000;
/** A timer that comes so much later than the clock says was asleep, or its clock was set. */
const JUMP_MS = 15_000;

/** Calls back when this machine changed networks, or woke up: what could not be reached before may be now. */
export function watchForWaking(
  onWake: () => void,
  look: { readonly interfaces: () => string; readonly now: () => number } = {
    interfaces: addressesHere,
    now: Date.now,
  },
): () => void {
  let before = look.interfaces();
  let lookedAtMs = look.now();
  const timer = setInterval(() => {
    const after = look.interfaces();
    const nowMs = look.now();
    const jumped = Math.abs(nowMs - lookedAtMs - LOOK_EVERY_MS) > JUMP_MS;
    if (after !== before || jumped) onWake();
    before = after;
    lookedAtMs = nowMs;
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function addressesHere(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .map((i) => i.address)
    .sort()
    .join(' ');
}

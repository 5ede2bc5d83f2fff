import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const LOOK_MS = 200;
/** Of the kernel's counts: the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface PeakMemory {
  /** MB (10^6 B) of the largest process; null where there is no /proc. */
  readonly peakMb: number | null;
  /** The program it ran. */
  readonly process: string | null;
}

const readProc = (pid: number | 'self', file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
};

/** High-water mark of the resident memory of a process, as the kernel keeps it. */
export function peakMbOf(pid: number | 'self'): number | null {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readProc(pid, 'status'))?.[1];
  return kib === undefined ? null : Math.round((Number(kib) * 1024) / 1e6);
}

/** Seconds of processor time that a process has used; 0 where there is no /proc. */
export function cpuSecondsOf(pid: number): number {
  const fields = readProc(pid, 'stat')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

/** Every process below one, by the parents the kernel names; none where there is no /proc. */
export function descendantsOf(root: number): number[] {
  if (process.platform !== 'linux') return [];
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // the program's name is in brackets and may hold anything
    const parent = Number(/\) \S (\d+) /.exec(readProc(Number(name), 'stat'))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const below = children.get(pid) ?? [];
    found.push(...below);
    open.push(...below);
  }
  return found;
}

/** Looks at the processes below this one until asked for the largest. What a process grew in its last moment is missed. */
export function watchPeakMemory(): () => PeakMemory {
  if (process.platform !== 'linux') return () => ({ peakMb: null, process: null });
  let largest: { peakMb: number; process: string } | undefined;
  const look = (): void => {
    for (const pid of descendantsOf(process.pid)) {
      const peakMb = peakMbOf(pid) ?? 0;
      if (peakMb > (largest?.peakMb ?? 0)) largest = { peakMb, process: programOf(pid) };
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    return largest ?? { peakMb: null, process: null };
  };
}

function programOf(pid: number): string {
  const words = readProc(pid, 'cmdline').split('\0');
  const script = words.slice(1).find((word) => /\.[cm]?[jt]s$/.test(word));
  return basename(script ?? words[0] ?? String(pid));
}

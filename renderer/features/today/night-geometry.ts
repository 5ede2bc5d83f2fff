import type { Source } from '../../ui/words.ts';

export interface NightStep {
  readonly fromMs: number;
  readonly startWh: bigint;
  readonly endWh: bigint;
  readonly expectedUsedWh: bigint;
  readonly bySource: readonly { readonly source: Source; readonly wh: bigint }[];
}
interface Block {
  readonly key: string;
  readonly source: Source;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const WIDTH = 372;
const BASE = 56;
const TALLEST = 52;
const MOST_STEPS = 24;

/** What carries each expected hour: generation first, the battery on top of it, never more than is used. */
export function layNight(steps: readonly NightStep[]) {
  const shown = steps.slice(0, MOST_STEPS);
  const width = WIDTH / Math.max(shown.length, 6);
  const most = Math.max(1, ...shown.map((x) => Number(x.expectedUsedWh)));
  const blocks: Block[] = [];
  for (const [i, step] of shown.entries()) {
    let left = Number(step.expectedUsedWh);
    let y = BASE;
    for (const part of [...step.bySource.filter((x) => x.source !== 'battery'), batteryPart(step)]) {
      const wh = Math.min(left, Math.max(0, Number(part.wh)));
      const height = (wh / most) * TALLEST;
      left -= wh;
      if (height < 0.5) continue;
      y -= height;
      const key = `${step.fromMs}-${part.source}`;
      blocks.push({ key, source: part.source, x: i * width + 2, y, width: width - 4, height });
    }
  }
  const every = shown.length > 12 ? 3 : 2;
  return {
    blocks,
    sources: [...new Set(blocks.map((b) => b.source))],
    labels: shown
      .map((step, i) => ({ fromMs: step.fromMs, x: i * width + width / 2, i }))
      .filter(({ i }) => i % every === 0),
  };
}

const batteryPart = (step: NightStep) => ({ source: 'battery' as const, wh: step.startWh - step.endWh });

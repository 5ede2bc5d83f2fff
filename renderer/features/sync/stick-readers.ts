import type { StickNews } from './stick.tsx';

export const EVERYBODY = 'everybody';
type Told = StickNews['consoles'][number];
/** Whom a file is for. */
export interface Reader extends Pick<Told, 'name' | 'toldAtMs' | 'byFile' | 'lacks'> {
  readonly id: string;
}

/** Consoles first that lack something and told what they have, then the others, then everybody. */
export function readersOf(news: StickNews): readonly Reader[] {
  const rank = (c: Told): number => (c.lacks.entries + c.lacks.days === 0 ? 2 : c.toldAtMs === null ? 1 : 0);
  const consoles = [...news.consoles].sort(
    (a, b) => rank(a) - rank(b) || Number(b.byFile) - Number(a.byFile) || (b.toldAtMs ?? 0) - (a.toldAtMs ?? 0),
  );
  const everybody: Reader = { id: EVERYBODY, name: null, toldAtMs: null, byFile: false, lacks: news.everything };
  return [...consoles.map(({ device, ...rest }) => ({ id: device, ...rest })), everybody];
}

/** Who is most likely meant: a console that told what it has and lacks something; else everybody. */
export function defaultReader(readers: readonly Reader[]): Reader {
  const [first] = readers;
  const last = readers.at(-1);
  if (!first || !last) throw new Error('everybody is always one of the readers');
  return first.toldAtMs !== null && first.lacks.entries + first.lacks.days > 0 ? first : last;
}

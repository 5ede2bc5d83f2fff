import { classNames } from '../../ui/class-names.ts';
import colours from '../../ui/source-colours.module.css';
import type { Source } from '../../ui/words.ts';
import s from './drawing.module.css';

/** How a source is filled in a drawing: in its colour, diesel hatched. What gets lost has no colour. */
export function fillOf(source: Source | 'lost'): string {
  if (source === 'lost') return s['lost'] ?? '';
  return classNames(colours[source], source === 'diesel' ? s['hatched'] : s['filled']);
}

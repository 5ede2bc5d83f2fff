import { ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import s from './fold.module.css';

/** A section that says in one line what it holds, and opens when somebody wants it. */
export function Fold(p: {
  readonly title: ReactNode;
  /** What stands inside, so that nobody has to open it to know. */
  readonly says?: ReactNode;
  readonly icon?: ReactNode;
  readonly extra?: ReactNode;
  readonly open?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <details className={s['fold']} open={p.open ?? false}>
      <summary>
        {p.icon}
        <span className={s['head']}>
          <h2>{p.title}</h2>
          {p.says && <span className={s['says']}>{p.says}</span>}
        </span>
        {p.extra}
        <ChevronDown className={s['turn']} size={20} aria-hidden />
      </summary>
      <div className={s['body']}>{p.children}</div>
    </details>
  );
}

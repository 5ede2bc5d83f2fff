import { type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { classNames } from './class-names.ts';
import s from './table.module.css';

export interface Column<T> {
  readonly key: string;
  readonly head: ReactNode;
  readonly cell: (row: T) => ReactNode;
  readonly end?: boolean;
  /** Not shown on a phone; the first column then says the same in its second line. */
  readonly wideOnly?: boolean;
  readonly foot?: ReactNode;
}

export interface RowGroup<T> {
  readonly key: string;
  readonly title?: ReactNode;
  readonly rows: readonly T[];
}

/** A table whose first column heads its row; a row with a link is one target. */
export function Table<T>(p: {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly groups: readonly RowGroup<T>[];
  readonly rowKey: (row: T) => string;
  readonly linked?: boolean;
  readonly dense?: boolean;
}) {
  const wrap = useRef<HTMLElement>(null);
  const scrolls = useScrolls(wrap);
  const [first, ...rest] = p.columns;
  if (!first) return null;
  const look = (c: Column<T>) => classNames(c.end && s['end'], c.wideOnly && s['wideOnly']);
  return (
    <section ref={wrap} className={s['wrap']} aria-label={p.caption} {...(scrolls && { tabIndex: 0 })}>
      <table className={classNames(s['table'], p.dense && s['dense'])}>
        <caption>
          <span
            style={{ position: 'absolute', clipPath: 'inset(50%)', inlineSize: 1, blockSize: 1, overflow: 'hidden' }}
          >
            {p.caption}
          </span>
        </caption>
        <thead>
          <tr>
            {p.columns.map((c) => (
              <th key={c.key} scope="col" className={look(c)}>
                {c.head}
              </th>
            ))}
          </tr>
        </thead>
        {p.groups
          .filter((g) => g.rows.length > 0)
          .map((g) => (
            <tbody key={g.key}>
              {g.title && (
                <tr className={s['group']}>
                  <th className={s['groupCell']} colSpan={p.columns.length} scope="colgroup">
                    {g.title}
                  </th>
                </tr>
              )}
              {g.rows.map((row) => (
                <tr key={p.rowKey(row)} className={p.linked ? s['linked'] : undefined}>
                  <th scope="row" className={look(first)}>
                    {first.cell(row)}
                  </th>
                  {rest.map((c) => (
                    <td key={c.key} className={look(c)}>
                      {c.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        {p.columns.some((c) => c.foot !== undefined) && (
          <tfoot>
            <tr>
              <th scope="row" className={look(first)}>
                {first.foot}
              </th>
              {rest.map((c) => (
                <td key={c.key} className={look(c)}>
                  {c.foot}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </section>
  );
}

/** Whether a part is wider than its place: it must then take the focus, so that arrow keys can move it. */
function useScrolls(part: RefObject<HTMLElement | null>): boolean {
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const node = part.current;
    if (!node) return;
    const seen = new ResizeObserver(() => setScrolls(node.scrollWidth > node.clientWidth));
    for (const watched of [node, ...node.children]) seen.observe(watched);
    return () => seen.disconnect();
  }, [part]);
  return scrolls;
}

/** The name of a row: a mark, a link, a second line. */
export function RowName(p: {
  readonly mark?: ReactNode;
  readonly to?: string;
  readonly name: ReactNode;
  readonly second?: ReactNode;
}) {
  return (
    <span className={s['cell']}>
      {p.mark}
      <span>
        {p.to ? <Link href={p.to}>{p.name}</Link> : p.name}
        {p.second && <span className={s['second']}>{p.second}</span>}
      </span>
    </span>
  );
}

import { Trans } from '@lingui/react/macro';
import { monthSpan } from '#domain/time.ts';
import { useFormat } from '../../ui/format.tsx';
import s from './agreements.module.css';
import type { Clause } from './clauses.ts';

/** The numbered sentences of a deed. */
export function ClauseList({ clauses, small }: { readonly clauses: readonly Clause[]; readonly small?: boolean }) {
  return (
    <ol className={`${s['clauses']} ${small ? s['small'] : ''}`}>
      {clauses.map((clause) => (
        <li key={clause.kind}>
          <span>
            <ClauseText clause={clause} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** One clause in the reader's language. All words one size and one colour; a limit is never grey. */
function ClauseText({ clause }: { readonly clause: Clause }) {
  const format = useFormat();
  switch (clause.kind) {
    case 'lease': {
      const { owner, host, asset } = clause;
      return asset === null ? (
        <Trans>
          {owner} leases its plant to {host}, who hosts it.
        </Trans>
      ) : (
        <Trans>
          {owner} leases {asset} to {host}, who hosts it.
        </Trans>
      );
    }
    case 'host-price': {
      const { owner, host, meter } = clause;
      const price = format.money(clause.price);
      return (
        <Trans>
          {host} pays {owner} {price} for each kWh measured by {meter}.
        </Trans>
      );
    }
    case 'rent': {
      const { owner, host } = clause;
      const rent = format.percent(clause.rentBp);
      return (
        <Trans>
          {owner} gives {rent} of that back to {host} as rent for the premises.
        </Trans>
      );
    }
    case 'neighbours': {
      const list = new Intl.ListFormat(format.locale).format(clause.neighbours);
      const price = format.money(clause.price);
      return (
        <Trans>
          These neighbours pay {price} for each kWh measured by their meters: {list}.
        </Trans>
      );
    }
    case 'wheeling': {
      const { grid } = clause;
      const price = format.money(clause.price);
      return (
        <Trans>
          From each of those kWh, {grid} gets {price} for carrying it.
        </Trans>
      );
    }
    case 'shares': {
      const { owner, host } = clause;
      const ownerShare = format.percent(clause.ownerBp);
      const hostShare = format.percent(clause.hostBp);
      return (
        <Trans>
          Of what remains, {owner} gets {ownerShare} and {host} gets {hostShare}.
        </Trans>
      );
    }
    case 'term': {
      const from = format.day(monthSpan(clause.from, format.zone).from);
      const until = format.day(monthSpan(clause.until, format.zone).to - 1);
      const { months } = clause;
      return (
        <Trans>
          It starts on {from} and ends on {until}, after {months} months.
        </Trans>
      );
    }
    case 'after': {
      const { goesTo } = clause;
      return <Trans>Then the plant belongs to {goesTo}.</Trans>;
    }
    case 'proof':
      return <Trans>A reading with no proof (T0) is not paid for.</Trans>;
  }
}

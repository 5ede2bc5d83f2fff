import { Trans } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { Printer } from 'lucide-react';
import { useEffect } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import { PrintSheet } from '../../print/print-sheet.tsx';
import { Button } from '../../ui/button.tsx';
import type { MonthView } from './month-page.tsx';
import type { StatementCard } from './statement-page.tsx';
import { StatementPrint } from './statement-print.tsx';

/** Every statement of the month, one page each, for the person who walks from door to door. */
export function PrintAll({ view }: { readonly view: MonthView }) {
  const village = useVillage();
  const { client } = useConsole();
  const load = useMutation<StatementCard[]>({
    mutationFn: () =>
      Promise.all(
        view.statements.map((x) =>
          client.accounts.statement({ village: village.id, month: view.month, member: x.member.id }),
        ),
      ),
  });
  const cards = load.data;
  useEffect(() => {
    if (cards) window.print();
  }, [cards]);
  const count = view.statements.length;
  return (
    <>
      <Button look="line" disabled={count === 0} busy={load.isPending} onPress={() => load.mutate()}>
        <Printer aria-hidden />
        <Trans>Print all {count}</Trans>
      </Button>
      {cards && (
        <PrintSheet size="a5">
          {cards.map((card) => (
            <StatementPrint key={card.statement.member.id} card={card} simulated={village.simulated} />
          ))}
        </PrintSheet>
      )}
    </>
  );
}

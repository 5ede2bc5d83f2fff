import { Trans } from '@lingui/react/macro';
import { Archive } from 'lucide-react';
import { BringMonth } from '../../app/bring-month.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Note, Stack } from '../../ui/layout.tsx';
import type { MonthView } from './month-page.tsx';

/** Says which months are not here, without which these statements cannot be computed, and brings them. */
export function NeededMonths({ view }: { readonly view: MonthView }) {
  const format = useFormat();
  const month = format.month(view.month);
  const names = view.needed.map((n) => format.month(n.month)).join(', ');
  return (
    <>
      <Note icon={<Archive aria-hidden />}>
        <Trans>
          The statements of {month} cannot be computed on this laptop: they need the readings of {names}, which are not
          here. What was agreed and signed stands. Bring the file of each month, or stay connected to a console that
          kept it and fetch it from there.
        </Trans>
      </Note>
      <Stack>
        {view.needed.map((n) => (
          <BringMonth key={n.month} month={n.month} />
        ))}
      </Stack>
    </>
  );
}

import { Trans } from '@lingui/react/macro';
import { Archive } from 'lucide-react';
import { useFormat } from '../ui/format.tsx';
import { Note } from '../ui/layout.tsx';
import type { Out } from './wire.ts';

/** Says of figures that stay here which file has the readings they were made from. */
export function InFile({ of }: { readonly of: Out['accounts']['get']['inFile'] }) {
  const format = useFormat();
  if (of === null) return null;
  const month = format.month(of.month);
  if (of.name === '')
    return (
      <Note icon={<Archive aria-hidden />}>
        <Trans>
          The readings of {month} never were on this laptop: it started from a signed checkpoint of a later month. They
          come with the file of that month, under Sync.
        </Trans>
      </Note>
    );
  const day = format.day(of.atMs);
  return (
    <Note icon={<Archive aria-hidden />}>
      <Trans>
        The readings of {month} are in the file <b>{of.name}</b> of {day}. What was made of them stands here; to look at
        them again, bring that file back under Sync.
      </Trans>
    </Note>
  );
}

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import { Assurance, Matter, WaysOut } from './matter.tsx';
import type { SyncStatus } from './sync.tsx';

type Month = SyncStatus['fetching']['months'][number];

/** Days that the disk damaged: what still holds, and from where they come again. */
export function DamagedMatter({ part, open }: { readonly part: Month; readonly open: boolean }) {
  const { t } = useLingui();
  const month = useFormat().month(part.month);
  const { lost, file } = part;
  return (
    <Matter title={t`This disk damaged readings of ${month}`} open={open}>
      <p>
        <Plural
          value={lost}
          one={`# day of ${month} cannot be handed on to others until it has come again.`}
          other={`# days of ${month} cannot be handed on to others until they have come again.`}
        />
      </p>
      <WaysOut
        ways={[
          {
            key: 'wait',
            when: t`Another console has them`,
            means: t`Nothing to do: they come by themselves when it is in reach.`,
          },
          {
            key: 'stick',
            when: t`Nobody in reach has them`,
            means:
              file === null
                ? t`Read a stick that holds ${month}, under “USB stick”.`
                : t`Read the file ${file}, under “USB stick”.`,
          },
        ]}
      />
      <Assurance>
        <Trans>Their sums still count here. A disk that damages files may fail soon: copy to a stick today.</Trans>
      </Assurance>
    </Matter>
  );
}

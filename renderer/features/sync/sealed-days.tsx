import { Trans, useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Small } from '../../ui/layout.tsx';
import { Progress } from '../../ui/marks.tsx';
import s from './sync.module.css';
import type { SyncStatus } from './sync.tsx';

const BYTES_PER_MB = 1_000_000;

/** Days of readings that others have announced, and how many of them are here. */
export function SealedDays({ segments }: { readonly segments: SyncStatus['segments'] }) {
  const { t } = useLingui();
  const format = useFormat();
  const { announced, present, bytes } = segments;
  const size = new Intl.NumberFormat(format.locale, { maximumFractionDigits: 1 }).format(bytes / BYTES_PER_MB);
  const missing = format.count(announced - present);
  const have = format.count(present);
  const all = format.count(announced);
  return (
    <Block title={<Trans>Readings</Trans>}>
      {announced === 0 ? (
        <Muted>
          <Trans>No day is sealed yet. The first one is after its midnight.</Trans>
        </Muted>
      ) : (
        <div className={s['days']}>
          <Small>
            <Trans>
              <b>
                {have} of {all}
              </b>{' '}
              sealed days of meters are here, {size} MB.
            </Trans>
          </Small>
          {present < announced && (
            <>
              <Progress label={t`Sealed days that are here`} done={present} of={announced} />
              <Muted>
                <Trans>{missing} come by themselves when a console that has them is in reach.</Trans>
              </Muted>
            </>
          )}
        </div>
      )}
    </Block>
  );
}

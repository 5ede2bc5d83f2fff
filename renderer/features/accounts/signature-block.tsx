import { Trans, useLingui } from '@lingui/react/macro';
import { useNowMs } from '../../app/village-context.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Small, Stack } from '../../ui/layout.tsx';
import { Chip, Count, People, SealWords } from '../../ui/marks.tsx';
import type { MonthView } from './month-page.tsx';

/** Who has signed the same numbers, and who is still awaited. */
export function SignatureBlock({ view }: { readonly view: MonthView }) {
  const { t } = useLingui();
  const format = useFormat();
  const nowMs = useNowMs();
  const { batch } = view;
  if (!batch)
    return (
      <Block title={<Trans>Signatures</Trans>}>
        <Muted>
          <Trans>Nobody signs before the month is closed. Until then these sums still move.</Trans>
        </Muted>
      </Block>
    );
  const have = batch.signers.filter((x) => x.signedAtMs !== null).length;
  const { threshold } = batch;
  const heard = (ms: number | null) => (ms === null ? t`not heard yet` : t`heard ${format.age(nowMs - ms)} ago`);
  return (
    <Block title={<Trans>Signatures</Trans>} extra={<Count>{`${have} / ${threshold}`}</Count>}>
      <Stack>
        <Muted>
          <Trans>
            Any {threshold} of these {batch.signers.length} must sign the same numbers.
          </Trans>
        </Muted>
        <People
          lines={batch.signers.map((x) => ({
            key: x.member.id,
            name: x.member.name,
            done: x.signedAtMs !== null,
            second:
              x.signedAtMs !== null
                ? format.moment(x.signedAtMs)
                : x.keyHere
                  ? t`can sign here`
                  : heard(x.lastHeardAtMs),
          }))}
        />
        <Verified batch={batch} />
      </Stack>
    </Block>
  );
}

function Verified({ batch }: { readonly batch: NonNullable<MonthView['batch']> }) {
  const { t } = useLingui();
  if (batch.verifiedHere === 'different')
    return (
      <div role="alert">
        <Chip look="bad">{t`other numbers here`}</Chip>
        <Small>
          <Trans>This console came to other numbers from the same readings. Sign nothing. Look at Sync.</Trans>
        </Small>
      </div>
    );
  return (
    <div>
      <Muted>
        {batch.verifiedHere === 'same' ? (
          <Trans>This console added it all up again and came to the same numbers. Their words:</Trans>
        ) : batch.verifiedHere === 'not-readable' ? (
          <Trans>
            Not all readings of this month are shared with this console, so it cannot add it up. What was agreed is
            shown. Their words:
          </Trans>
        ) : (
          <Trans>
            This console has not all readings yet, so it cannot check. It signs when they are here. Their words:
          </Trans>
        )}
      </Muted>
      <SealWords words={batch.words} />
    </div>
  );
}

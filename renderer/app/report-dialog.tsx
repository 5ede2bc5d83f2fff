import { Trans, useLingui } from '@lingui/react/macro';
import { CircleAlert } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogFoot } from '../ui/dialog.tsx';
import { useFormat } from '../ui/format.tsx';
import { Facts, Muted, Note, Stack } from '../ui/layout.tsx';
import { AmountText, SizeText } from './amounts.tsx';
import type { BundleReport } from './use-bringing.ts';

/** What a file holds and whether it is whole, before anything of it is stored. */
export function ReportDialog(p: {
  readonly report: BundleReport;
  readonly onTake: (wholeParts: boolean) => void;
  readonly onClose: () => void;
}) {
  const { t } = useLingui();
  const format = useFormat();
  const { report: r } = p;
  const unknown = t`A console not known here`;
  const fresh = r.entries.fresh + r.days.fresh;
  return (
    <Dialog title={r.isWhole ? t`What the file holds` : t`This file is damaged`} open onClose={p.onClose}>
      <Stack>
        {!r.isWhole && <Damage report={r} />}
        <Facts
          rows={[
            ...(r.from
              ? [[t`From`, r.from.name ?? unknown] as const, [t`Written`, format.moment(r.from.madeAtMs)] as const]
              : []),
            [t`New here`, <AmountText key="new" entries={r.entries.fresh} days={r.days.fresh} />] as const,
            [t`Here already`, <AmountText key="known" entries={r.entries.known} days={r.days.known} />] as const,
            [t`Size`, <SizeText key="size" bytes={r.bytes} />] as const,
          ]}
        />
        {r.isWhole && !r.isKnownConsole && (
          <Muted>
            <Trans>
              The console that wrote the file is not known here yet. Each record is checked by itself, whoever carries
              it.
            </Trans>
          </Muted>
        )}
        {r.gap > 0 && (
          <Note>
            <Trans>
              The file follows on {format.count(r.gap)} records that are not here. What does not fit yet waits, and is
              forgotten when this console closes.
            </Trans>
          </Note>
        )}
        <DialogFoot>
          <Button look="line" onPress={p.onClose}>
            <Trans>Leave it</Trans>
          </Button>
          {r.isWhole ? (
            <Button onPress={() => p.onTake(false)}>
              <Trans>Take it in</Trans>
            </Button>
          ) : (
            fresh > 0 && (
              <Button onPress={() => p.onTake(true)}>
                <Trans>
                  Take what is whole: <AmountText entries={r.entries.fresh} days={r.days.fresh} />
                </Trans>
              </Button>
            )
          )}
        </DialogFoot>
      </Stack>
    </Dialog>
  );
}

function Damage({ report: r }: { readonly report: BundleReport }) {
  const format = useFormat();
  const [fault] = r.faults;
  const lost = <AmountText entries={r.entries.lost + r.entries.refused} days={r.days.lost} />;
  const cutOff = fault?.what === 'cut-off';
  return (
    <Note bad icon={<CircleAlert size={20} aria-hidden />}>
      {cutOff ? (
        <Trans>The file ends too early: it was not copied to its end.</Trans>
      ) : r.entries.refused > 0 ? (
        <Trans>Some of its records are not signed as they should be. They are left out.</Trans>
      ) : (
        <Trans>Some of its bytes were changed: the stick may be worn out.</Trans>
      )}{' '}
      {r.entries.lost + r.entries.refused + r.days.lost > 0 && (
        <Trans>Not whole in it: {lost}. Ask for a new file for these.</Trans>
      )}{' '}
      {fault && (
        <Muted>
          <Trans>
            {fault.what}, byte {format.count(fault.offset)}
          </Trans>
        </Muted>
      )}
    </Note>
  );
}

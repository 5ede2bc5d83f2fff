import { Trans, useLingui } from '@lingui/react/macro';
import { useInfiniteQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Paper, Row, Small, Stack } from '../../ui/layout.tsx';
import { Table } from '../../ui/table.tsx';
import { InlineError } from '../../ui/view.tsx';

type Flag = Out['meters']['get']['flags'][number];
const needsDecision = (f: Flag) => f.decision === null && (f.kind === 'spike' || f.kind === 'reset');

/** What the checks found: what waits for a person first, then everything else. */
export function FlagList({ card }: { readonly card: Out['meters']['get'] }) {
  const older = useOlderFlags(card);
  const { t } = useLingui();
  const format = useFormat();
  const kinds = useFlagWords();
  const [asked, setAsked] = useState<{ readonly flag: Flag; readonly action: 'accept' | 'reject' } | null>(null);
  const flags = [...card.flags, ...older.flags];
  const rest = flags.filter((f) => !needsDecision(f));
  return (
    <>
      {flags.filter(needsDecision).map((flag) => (
        <Decide key={`${flag.kind}-${flag.fromMs}`} flag={flag} onDecide={(action) => setAsked({ flag, action })} />
      ))}
      {(rest.length > 0 || older.more) && (
        <Block
          title={<Trans>Checked and marked</Trans>}
          extra={
            older.more && (
              <Button look="quiet" onPress={older.more}>
                <Trans>Show what was before</Trans>
              </Button>
            )
          }
        >
          <Table
            caption={t`Marks`}
            dense
            rowKey={(f) => `${f.kind}-${f.fromMs}`}
            groups={[{ key: 'all', rows: rest }]}
            columns={[
              { key: 'kind', head: t`What`, cell: (f) => kinds[f.kind] },
              { key: 'from', head: t`From`, cell: (f) => format.moment(f.fromMs) },
              { key: 'to', head: t`Until`, wideOnly: true, cell: (f) => format.moment(f.toMs) },
              { key: 'wh', head: t`Energy`, end: true, cell: (f) => (f.wh === null ? '–' : format.energy(f.wh, 3)) },
              { key: 'decision', head: t`Decided`, cell: (f) => <Decision flag={f} /> },
            ]}
          />
        </Block>
      )}
      {asked && <DecideDialog {...asked} onClose={() => setAsked(null)} />}
    </>
  );
}

/** The pages before the card's, one more each time it is asked. */
function useOlderFlags({ id, olderMs }: Out['meters']['get']) {
  const village = useVillage();
  const pages = useInfiniteQuery(
    useApi().meters.older.infiniteOptions({
      input: (beforeMs: number) => ({ village: village.id, meter: id, beforeMs }),
      initialPageParam: olderMs ?? 0,
      getNextPageParam: (page) => page.olderMs,
      enabled: false,
    }),
  );
  const [asked, setAsked] = useState(false);
  const more = (): void => {
    setAsked(true);
    void (asked ? pages.fetchNextPage() : pages.refetch());
  };
  const isMore = asked ? pages.hasNextPage : olderMs !== null;
  return { flags: asked ? (pages.data?.pages.flatMap((p) => p.flags) ?? []) : [], more: isMore ? more : null };
}

function useFlagWords(): Record<Flag['kind'], string> {
  const { t } = useLingui();
  return { spike: t`too much for one hour`, reset: t`register went back`, gap: t`not heard`, duplicate: t`read twice` };
}

function Decision({ flag }: { readonly flag: Flag }) {
  const d = flag.decision;
  if (!d) return null;
  const { by, reason } = d;
  return d.action === 'accept' ? (
    <Trans>
      {by} accepted: {reason}
    </Trans>
  ) : (
    <Trans>
      {by} rejected: {reason}
    </Trans>
  );
}

function Decide(p: { readonly flag: Flag; readonly onDecide: (action: 'accept' | 'reject') => void }) {
  const format = useFormat();
  const { flag } = p;
  const wh = flag.wh === null ? '' : format.energy(flag.wh, 3);
  const limit = flag.limitWh === null ? '' : format.energy(flag.limitWh);
  const at = format.moment(flag.fromMs);
  return (
    <Paper
      alert
      icon={<TriangleAlert size={20} color="var(--alert)" aria-hidden />}
      title={
        flag.kind === 'spike' ? <Trans>Decide: {wh} in one hour</Trans> : <Trans>Decide: the register went back</Trans>
      }
    >
      <Stack>
        <Small>
          {flag.kind === 'spike' ? (
            <Trans>
              {at}. The line carries at most {limit} in an hour. Held out of every bill until you decide.
            </Trans>
          ) : (
            <Trans>{at}. A register only grows, unless the meter was changed or its memory was lost.</Trans>
          )}
        </Small>
        <Row>
          <Button look="line" onPress={() => p.onDecide('reject')}>
            <Trans>It is not real</Trans>
          </Button>
          <Button look="line" onPress={() => p.onDecide('accept')}>
            <Trans>It is real, count it</Trans>
          </Button>
        </Row>
        <Muted>
          <Trans>The reading stays in the book either way. Your choice is signed.</Trans>
        </Muted>
      </Stack>
    </Paper>
  );
}

function DecideDialog(p: { readonly flag: Flag; readonly action: 'accept' | 'reject'; readonly onClose: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const [reason, setReason] = useState('');
  const decide = useCommand(client.meters.decide, p.onClose);
  const { flag, action } = p;
  const send = () =>
    decide.send({ village: village.id, meter: flag.meter, fromMs: flag.fromMs, action, reason: reason.trim() });
  return (
    <Dialog title={action === 'accept' ? t`Count this reading` : t`Leave this reading out`} open onClose={p.onClose}>
      <Form onSend={send}>
        <Small>
          {flag.meterName}, {format.moment(flag.fromMs)}
          {flag.wh !== null && `, ${format.energy(flag.wh, 3)}`}
        </Small>
        <Field
          label={t`Why?`}
          hint={t`The people who sign the month read this.`}
          value={reason}
          onChange={setReason}
          long
          focus
        />
        <InlineError error={decide.error} />
        <DialogFoot>
          <Button look="line" onPress={p.onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={reason.trim().length < 3} busy={decide.busy}>
            {action === 'accept' ? <Trans>Count it</Trans> : <Trans>Leave it out</Trans>}
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}

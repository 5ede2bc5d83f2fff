import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Facts, Muted } from '../../ui/layout.tsx';
import { Chip } from '../../ui/marks.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { InlineError } from '../../ui/view.tsx';

type Entry = Out['meters']['entries']['entries'][number];

/** Readings without a gateway's signature: they count only when a second person vouches. */
export function EntryList() {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const entries = useQuery(useApi().meters.entries.queryOptions({ input: { village: village.id } }));
  const [asked, setAsked] = useState<Entry | null>(null);
  const rows = entries.data?.entries ?? [];
  if (rows.length === 0) return null;
  return (
    <Block title={<Trans>Brought in by people</Trans>}>
      <Table
        caption={t`Files and readings by hand`}
        rowKey={(e) => e.id}
        groups={[{ key: 'all', rows }]}
        columns={[
          {
            key: 'entry',
            head: t`What`,
            cell: (e) => (
              <RowName name={e.label} second={e.kind === 'file' ? t`file by ${e.author}` : t`by hand, ${e.author}`} />
            ),
          },
          { key: 'at', head: t`When`, wideOnly: true, cell: (e) => format.moment(e.atMs) },
          {
            key: 'hours',
            head: t`Hours`,
            end: true,
            wideOnly: true,
            cell: (e) => (e.kind === 'file' ? format.count(e.hours) : ''),
          },
          { key: 'wh', head: t`Energy`, end: true, cell: (e) => format.energy(e.wh) },
          {
            key: 'vouch',
            head: t`Second person`,
            cell: (e) =>
              e.voucher ? (
                t`${e.voucher} vouches`
              ) : e.canVouch ? (
                <Button look="line" small onPress={() => setAsked(e)}>
                  <Trans>Vouch</Trans>
                </Button>
              ) : (
                <Chip look="dashed">{t`waits for a second person`}</Chip>
              ),
          },
        ]}
      />
      {asked && <VouchDialog entry={asked} onClose={() => setAsked(null)} />}
    </Block>
  );
}

function VouchDialog({ entry, onClose }: { readonly entry: Entry; readonly onClose: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const [document, setDocument] = useState('');
  const vouch = useCommand(client.meters.vouch, onClose);
  const send = () => vouch.send({ village: village.id, entry: entry.id, document: document.trim() });
  return (
    <Dialog title={t`Vouch for ${entry.label}`} open onClose={onClose}>
      <Form onSend={send}>
        <Facts
          rows={[
            [t`Brought in by`, entry.author],
            [t`When`, format.moment(entry.atMs)],
            [t`Energy`, format.energy(entry.wh, 3)],
          ]}
        />
        <Muted>
          <Trans>With your word these readings rise to trust level 1 and can turn into money.</Trans>
        </Muted>
        <Field
          label={t`What did you compare it with?`}
          hint={t`The paper, photo or device you looked at.`}
          value={document}
          onChange={setDocument}
          long
          focus
        />
        <InlineError error={vouch.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={document.trim().length < 3} busy={vouch.busy}>
            <Trans>I vouch for it</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}

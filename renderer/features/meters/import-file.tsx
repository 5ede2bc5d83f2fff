import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { JobProgress } from '../../app/job-progress.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Pick } from '../../ui/field.tsx';
import { FilePick } from '../../ui/file-pick.tsx';
import { Muted, Note, PageHead, Paper, Row, Stack } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import { readHeader } from './csv-header.ts';
import s from './meters.module.css';

const SKIP = 'skip';
interface Loaded {
  readonly fileName: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: number;
}

/** A logger's hourly file: choose which column is which meter, then bring it in. */
export function ImportFile() {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const meters = useQuery(useApi().meters.list.queryOptions({ input: { village: village.id } }));
  const [file, setFile] = useState<Loaded | null>(null);
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const bring = useCommand(client.meters.importFile);
  const rows = meters.data?.meters ?? [];
  const open = (text: string, fileName: string) => {
    const columns = readHeader(text).slice(1);
    const lines = text.split('\n').filter((line) => line.trim() !== '').length - 1;
    setFile({ fileName, text, columns, rows: Math.max(0, lines) });
    const same = (name: string) => rows.find((m) => m.name.toLocaleLowerCase() === name.toLocaleLowerCase())?.id;
    setChosen(Object.fromEntries(columns.map((c) => [c, same(c) ?? SKIP])));
    bring.reset();
  };
  const columns = Object.fromEntries(Object.entries(chosen).filter(([, meter]) => meter !== SKIP));
  const ready = file !== null && Object.keys(columns).length > 0;
  return (
    <>
      <PageHead
        crumb={{ to: '/meters', text: <Trans>Meters and assets</Trans> }}
        title={<Trans>Bring in a logger’s file</Trans>}
        lead={
          <Trans>
            One line an hour: the hour in village time, then one column a meter in Wh. An empty cell is an hour nobody
            recorded.
          </Trans>
        }
      />
      <Stack loose>
        <FilePick label={t`Open a CSV file`} accept=".csv,text/csv,text/plain" onText={open} />
        {file && !bring.done && (
          <Paper title={file.fileName} extra={<Plural value={file.rows} one="# hour" other="# hours" />}>
            <Form
              onSend={() =>
                ready && bring.send({ village: village.id, fileName: file.fileName, text: file.text, columns })
              }
            >
              <Muted>
                <Trans>Which column is which meter?</Trans>
              </Muted>
              <div className={s['fields']}>
                {file.columns.map((column) => (
                  <Pick
                    key={column}
                    label={column}
                    none={t`Choose`}
                    value={chosen[column] ?? SKIP}
                    onChange={(meter) => setChosen({ ...chosen, [column]: meter })}
                    options={[{ id: SKIP, text: t`Leave out` }, ...rows.map((m) => ({ id: m.id, text: m.name }))]}
                  />
                ))}
              </div>
              <Note>
                <Trans>
                  A file carries no proof. It is shown at once, and turns into money only when a second person vouches.
                </Trans>
              </Note>
              <InlineError error={bring.error} />
              <div>
                <Button submit disabled={!ready} busy={bring.busy}>
                  <Trans>Bring it in</Trans>
                </Button>
              </div>
            </Form>
          </Paper>
        )}
        {bring.done && (
          <>
            <JobProgress job={bring.done.job} />
            <Row>
              <ButtonLink to="/meters" look="line">
                <Trans>See it under Meters</Trans>
              </ButtonLink>
            </Row>
          </>
        )}
      </Stack>
    </>
  );
}

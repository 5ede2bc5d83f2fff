import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { monthOf, nextMonth } from '#domain/time.ts';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, Muted, PageHead, Row, Stack } from '../../ui/layout.tsx';
import { Checks, Chip, Simulated } from '../../ui/marks.tsx';
import { InlineError, Loading } from '../../ui/view.tsx';
import { BlankEditor } from './blank-editor.tsx';
import { useBlankNames } from './blank-names.ts';
import type { Terms } from './clauses.ts';
import { type Blank, type Draft, emptyDraft, readDraft } from './draft.ts';
import { ExampleBlock } from './example-block.tsx';
import { useFaultWords } from './fault-words.ts';
import { Sentence } from './sentence.tsx';
import { type Known, useKnown } from './use-names.ts';

const stored = (village: string): string => `gridpact.draft.${village}`;

function loadDraft(village: string, from: string): Draft {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(stored(village)) ?? 'null');
    return typeof kept === 'object' && kept !== null ? { ...emptyDraft(from), ...kept } : emptyDraft(from);
  } catch {
    return emptyDraft(from);
  }
}

/** The host-lease as a sentence with blanks. */
export function NewAgreement() {
  const { t } = useLingui();
  const known = useKnown();
  return (
    <>
      <Head />
      {known.ready ? <Builder known={known} /> : <Loading text={t`Reading the names`} />}
    </>
  );
}

function Head() {
  const village = useVillage();
  return (
    <PageHead
      crumb={{ to: '/agreements', text: <Trans>Agreements</Trans> }}
      title={<Trans>New agreement</Trans>}
      actions={
        <Row>
          <Chip look="line">
            <Trans>Draft, kept on this laptop</Trans>
          </Chip>
          <Simulated on={village.simulated} />
        </Row>
      }
    />
  );
}

function Builder({ known }: { readonly known: Known }) {
  const village = useVillage();
  const format = useFormat();
  const nowMs = useNowMs();
  const [draft, setDraft] = useState(() => loadDraft(village.id, nextMonth(monthOf(nowMs, format.zone))));
  const [blank, setBlank] = useState<Blank>('owner');
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    localStorage.setItem(stored(village.id), JSON.stringify(next));
    setDraft(next);
  };
  const memberOf = (meter: string) => known.meters.find((m) => m.id === meter)?.member?.id ?? null;
  const read = readDraft(draft, format.currency, memberOf);
  return (
    <Columns>
      <Stack>
        <Sentence draft={draft} known={known} chosen={blank} onChoose={setBlank} />
        <BlankEditor key={blank} blank={blank} draft={draft} known={known} onChange={change} onNext={setBlank} />
      </Stack>
      {'terms' in read ? (
        <Ready terms={read.terms} known={known} />
      ) : (
        <Missing blanks={read.missing} onChoose={setBlank} />
      )}
    </Columns>
  );
}

function Missing({
  blanks,
  onChoose,
}: {
  readonly blanks: readonly Blank[];
  readonly onChoose: (blank: Blank) => void;
}) {
  const names = useBlankNames();
  return (
    <Block title={<Trans>Still empty</Trans>}>
      <Stack>
        <Muted>
          <Trans>An agreement with an empty blank cannot be signed.</Trans>
        </Muted>
        <Row>
          {blanks.map((blank) => (
            <Button key={blank} look="line" small onPress={() => onChoose(blank)}>
              {names[blank]}
            </Button>
          ))}
        </Row>
      </Stack>
    </Block>
  );
}

function Ready({ terms, known }: { readonly terms: Terms; readonly known: Known }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [, go] = useLocation();
  const check = useQuery({
    ...useApi().agreements.check.queryOptions({ input: { village: village.id, terms } }),
    placeholderData: (before) => before,
  });
  const draft = useCommand(client.agreements.draft, (done) => {
    localStorage.removeItem(stored(village.id));
    go(`/agreements/${done.agreement}`);
  });
  const data = check.data;
  const faults = useFaultWords();
  return (
    <Stack>
      {data && (
        <ExampleBlock
          example={data.example}
          owner={known.names.member(terms.owner)}
          host={known.names.member(terms.host)}
          grid={known.names.member(terms.grid)}
        />
      )}
      <Block title={<Trans>Ready to offer?</Trans>}>
        <Stack>
          <Checks
            lines={[
              { key: 'filled', ok: true, text: t`Every blank is filled` },
              ...(data?.missing ?? []).map((m) => ({ key: m, ok: false, text: faults(m) })),
              ...(data?.warnings ?? []).map((w) => ({ key: w, ok: false, text: faults(w) })),
            ]}
          />
          {data && (
            <Muted>
              <Trans>Seal words: {data.sealWords.join(' ')}</Trans>
            </Muted>
          )}
          <InlineError error={check.error ?? draft.error} />
          <Button
            wide
            disabled={!data || data.missing.length > 0}
            busy={draft.busy}
            onPress={() => draft.send({ village: village.id, terms })}
          >
            <Trans>Read it, then offer it</Trans>
          </Button>
        </Stack>
      </Block>
    </Stack>
  );
}

import { useState } from 'react';
import { Link } from 'wouter';
import { chooseLanguage, LANGUAGES } from '../../app/language.ts';
import { chooseTheme, readTheme, THEMES, type Theme } from '../../app/theme.ts';
import { Button, Choice, Key } from '../../ui/button.tsx';
import { Field, Pick, Tick, Toggle } from '../../ui/field.tsx';
import { Block, Columns, Facts, Note, PageHead, Paper, Row, Stack, Sums } from '../../ui/layout.tsx';
import { Checks, Chip, Count, People, Progress, SealWords, Simulated, SourceMark, Trust } from '../../ui/marks.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { QualityStrip } from '../../ui/quality-strip.tsx';
import { Empty, ErrorPanel, InlineError, Loading, Stale } from '../../ui/view.tsx';
import type { Source, TrustLevel } from '../../ui/words.ts';
import { FIXTURE_MODES } from './fixture-core.ts';
import s from './kit.module.css';

const SCREENS = ['', 'members', 'meters', 'agreements', 'accounts', 'accounts/2025-09', 'sync', 'settings'];
const SOURCES: readonly Source[] = ['solar', 'hydro', 'wind', 'biomass', 'diesel', 'battery', 'grid'];
const LEVELS: readonly TrustLevel[] = [4, 3, 2, 1, 0];
const REFUSAL = {
  code: 'METER_SILENT',
  data: { detail: '192.168.1.40:502 did not answer within 3 s.', retryable: true },
};

/** The parts of the console in every state. For people who build it: not translated. */
export function Kit() {
  const [theme, setTheme] = useState<Theme>(readTheme);
  return (
    <main className={s['page']}>
      <PageHead
        title="Parts and states"
        actions={
          <Choice
            label="Theme"
            value={theme}
            onChange={(next: Theme) => {
              chooseTheme(next);
              setTheme(next);
            }}
            options={THEMES.map((x) => [x, x])}
          />
        }
      />
      <Stack loose>
        <Screens />
        <States />
        <Columns shape="even">
          <Fields />
          <Marks />
        </Columns>
      </Stack>
    </main>
  );
}

function Screens() {
  return (
    <Block title="Every screen in every state">
      <Row>
        {LANGUAGES.map(([id, name]) => (
          <Button key={id} look="line" small onPress={() => void chooseLanguage(id)}>
            {name}
          </Button>
        ))}
      </Row>
      <ul className={s['screens']}>
        {FIXTURE_MODES.map((mode) => (
          <li key={mode}>
            <b>{mode}</b>
            {SCREENS.map((screen) => (
              <Link key={screen} href={`/${mode}/${screen}`}>
                {screen || 'today'}
              </Link>
            ))}
          </li>
        ))}
      </ul>
    </Block>
  );
}

function States() {
  const [openedAtMs] = useState(() => Date.now());
  return (
    <Block title="Five states of one view">
      <div className={s['states']}>
        <Paper title="Ready">
          <Facts rows={[['Register', '38,214.62 kWh']]} />
        </Paper>
        <Paper title="Loading">
          <Loading text="Reading the meter" />
        </Paper>
        <Empty title="No meter yet" action={<Button look="line">Add the first meter</Button>}>
          The village works without one.
        </Empty>
        <Paper title="Stale">
          <Stale sinceMs={openedAtMs - 11_000_000} />
        </Paper>
        <ErrorPanel error={REFUSAL} retry={() => undefined} />
      </div>
    </Block>
  );
}

function Fields() {
  const [text, setText] = useState('4814.5');
  const [on, setOn] = useState(true);
  return (
    <Block title="Buttons and fields">
      <Stack>
        <Row>
          <Button>
            Sign <Key>S</Key>
          </Button>
          <Button look="line">Print</Button>
          <Button look="bad">Question a line</Button>
          <Button look="quiet">Later</Button>
          <Button disabled>Go on</Button>
        </Row>
        <Field label="Reading on the meter, kWh" hint="The big number." value={text} onChange={setText} />
        <Field
          label="Price for each kWh"
          value="3500"
          onChange={setText}
          error="That is ten times the village price."
        />
        <Pick
          label="Place"
          none="Choose"
          value={null}
          onChange={() => undefined}
          options={[{ id: 'home', text: 'Home' }]}
        />
        <Row>
          <Tick on={on} onChange={setOn}>
            I have read all sentences
          </Tick>
          <Toggle on={on} onChange={setOn}>
            Linked
          </Toggle>
        </Row>
        <InlineError error={REFUSAL} />
      </Stack>
    </Block>
  );
}

function Marks() {
  return (
    <Block title="Marks">
      <Stack>
        <Row>
          {SOURCES.map((source) => (
            <span key={source} className={s['mark']}>
              <SourceMark source={source} /> {source}
            </span>
          ))}
        </Row>
        <Row>
          {LEVELS.map((level) => (
            <Trust key={level} level={level} />
          ))}
        </Row>
        <Row>
          <Chip>3 h ago</Chip>
          <Chip look="line">offered</Chip>
          <Chip look="dashed">draft</Chip>
          <Chip look="ink">signed</Chip>
          <Chip look="bad">look today</Chip>
          <Count>2 / 3</Count>
          <Simulated on />
        </Row>
        <QualityStrip strip={['measured', 'measured', 'gap', 'gap', 'measured', 'spike', 'measured', 'none']} />
        <Progress label="Sending" done={23} of={39} />
        <SealWords words={['river', 'lamp', 'maize', 'drum', 'seven', 'hill']} />
        <People
          lines={[
            { key: '1', name: 'Neema Mollel', second: '2 Oct 2025', done: true },
            { key: '2', name: 'Elia Massawe', second: 'not signed yet', done: false },
          ]}
        />
        <Checks
          lines={[
            { key: '1', ok: true, text: 'Every blank is filled' },
            { key: '2', ok: false, text: '53 hours were not heard' },
          ]}
        />
        <Sums
          rows={[
            { name: 'Paid in', value: '176,000' },
            { name: 'Difference', value: '0', total: true },
          ]}
        />
        <Note>It counts for nothing until a second person vouches for it.</Note>
        <QrCode text="gridpact:s1:example" label="A code" />
      </Stack>
    </Block>
  );
}

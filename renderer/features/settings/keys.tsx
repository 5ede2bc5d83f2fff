import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, RotateCcwKey } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { RecoverKeyDialog } from '../../app/recover-key-dialog.tsx';
import { RotateKeyDialog } from '../../app/rotate-key-dialog.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Block, Muted, Row, Small, Stack } from '../../ui/layout.tsx';
import { Count, People } from '../../ui/marks.tsx';
import { View } from '../../ui/view.tsx';

type KeyHolder = Out['members']['list']['members'][number];

const SHOWN = 3;

/** Whose keys are on this laptop; a new key with new paper words, or one brought back from paper. */
export function Keys() {
  const { t } = useLingui();
  const village = useVillage();
  const members = useQuery(useApi().members.list.queryOptions({ input: { village: village.id } }));
  return (
    <View of={members} loading={t`Looking for keys`}>
      {(data) => <KeyList people={data.members.filter((m) => m.kind === 'person')} />}
    </View>
  );
}

function KeyList({ people }: { readonly people: readonly KeyHolder[] }) {
  const { t } = useLingui();
  const [rotating, setRotating] = useState<KeyHolder | null>(null);
  const [recovering, setRecovering] = useState(false);
  const [all, setAll] = useState(false);
  const [find, setFind] = useState('');
  const here = people.filter((m) => m.keyHere).sort((a, b) => Number(b.isMe) - Number(a.isMe));
  const total = here.length;
  const wanted = find.trim().toLocaleLowerCase();
  const shown = all ? here.filter((m) => m.name.toLocaleLowerCase().includes(wanted)) : here.slice(0, SHOWN);
  return (
    <Block
      title={<Trans>Keys on this laptop</Trans>}
      icon={<KeyRound size={20} aria-hidden />}
      extra={<Count>{here.length}</Count>}
    >
      <Stack>
        <Small>
          <Trans>
            A key is a person’s signature, closed by their PIN. The paper words are its only copy: nobody can send them
            again.
          </Trans>
        </Small>
        {here.length === 0 && (
          <Muted>
            <Trans>No key is here. Bring yours back from its paper words.</Trans>
          </Muted>
        )}
        {all && <Field label={t`Find`} kind="search" value={find} onChange={setFind} placeholder={t`Name`} focus />}
        <People
          lines={shown.map((m) => ({
            key: m.id,
            name: m.name,
            second: m.isMe ? t`the person of this laptop` : t`signs here`,
            done: true,
            action: (
              <Button look="line" small label={t`New key for ${m.name}`} onPress={() => setRotating(m)}>
                <RotateCcwKey aria-hidden />
                <Trans>New key</Trans>
              </Button>
            ),
          }))}
        />
        <Row>
          {!all && here.length > SHOWN && (
            <Button look="quiet" onPress={() => setAll(true)}>
              <Trans>Show all {total}</Trans>
            </Button>
          )}
          <Button look="line" onPress={() => setRecovering(true)}>
            <Trans>Bring a key back from paper</Trans>
          </Button>
        </Row>
      </Stack>
      {rotating && <RotateKeyDialog card={rotating} onClose={() => setRotating(null)} />}
      {recovering && <RecoverKeyDialog people={people} onClose={() => setRecovering(false)} />}
    </Block>
  );
}

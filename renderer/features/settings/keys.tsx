import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, RotateCcwKey } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Block, Muted, Row, Small, Stack } from '../../ui/layout.tsx';
import { Count, People } from '../../ui/marks.tsx';
import { View } from '../../ui/view.tsx';
import { RecoverDialog } from './recover-dialog.tsx';
import { RotateDialog } from './rotate-dialog.tsx';

export type KeyHolder = Out['members']['list']['members'][number];

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
  const here = people.filter((m) => m.keyHere).sort((a, b) => Number(b.isMe) - Number(a.isMe));
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
        <People
          lines={here.map((m) => ({
            key: m.id,
            name: m.name,
            second: m.isMe ? t`the person of this laptop` : t`signs here with their own PIN`,
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
          <Button look="line" onPress={() => setRecovering(true)}>
            <Trans>Bring a key back from paper</Trans>
          </Button>
        </Row>
      </Stack>
      {rotating && <RotateDialog holder={rotating} onClose={() => setRotating(null)} />}
      {recovering && <RecoverDialog people={people} onClose={() => setRecovering(false)} />}
    </Block>
  );
}

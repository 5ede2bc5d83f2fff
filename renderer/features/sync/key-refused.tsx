import { Trans, useLingui } from '@lingui/react/macro';
import { Usb } from 'lucide-react';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Assurance, Matter, WaysOut } from './matter.tsx';
import type { Peer } from './peers.ts';

/** A console that answers with another network key: the new one has to be carried over. */
export function KeyMatter(p: { readonly peer: Peer; readonly open: boolean; readonly onStick: (to: string) => void }) {
  const { t } = useLingui();
  const { device, name } = p.peer;
  const who = name ?? t`A console not known yet`;
  return (
    <Matter title={t`${who} has another network key`} open={p.open}>
      <p>
        <Trans>
          The key of the village was changed while one of you was away. Until both have the same, the two do not talk.
        </Trans>
      </p>
      <WaysOut
        ways={[
          {
            key: 'stick',
            when: t`One of you can carry a stick`,
            means: t`Carry it both ways: copy here and read there, then copy there and read here. The new key travels with it.`,
            go: device && (
              <Button small onPress={() => p.onStick(device)}>
                <Usb aria-hidden />
                <Trans>Prepare a stick</Trans>
              </Button>
            ),
          },
          {
            key: 'invite',
            when: t`It was taken out, or started anew`,
            means: t`Send a new invitation. What it holds already is kept.`,
            go: (
              <ButtonLink to="/members/invite" look="line" small>
                <Trans>Invite again</Trans>
              </ButtonLink>
            ),
          },
        ]}
      />
      <Assurance>
        <Trans>Both books are kept as they are until then.</Trans>
      </Assurance>
    </Matter>
  );
}

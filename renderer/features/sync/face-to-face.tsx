import { Trans } from '@lingui/react/macro';
import { QrButtons } from '../../app/qr-buttons.tsx';
import { Block, Small, Stack } from '../../ui/layout.tsx';

/** Small things between two screens: one shows codes, the other's camera reads them. */
export function FaceToFace() {
  return (
    <Block title={<Trans>Two screens face to face</Trans>}>
      <Stack>
        <Small>
          <Trans>For people, agreements and signatures, without a network or a stick.</Trans>
        </Small>
        <QrButtons />
      </Stack>
    </Block>
  );
}

import { Trans } from '@lingui/react/macro';
import { ButtonLink } from '../ui/button.tsx';
import { Empty } from '../ui/view.tsx';

export function NotFound() {
  return (
    <Empty
      title={<Trans>There is no such page</Trans>}
      action={
        <ButtonLink to="/" look="line">
          <Trans>Go to Today</Trans>
        </ButtonLink>
      }
    >
      <Trans>The address may be old. Nothing is lost.</Trans>
    </Empty>
  );
}

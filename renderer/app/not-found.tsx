import { Trans } from '@lingui/react/macro';
import { ButtonLink } from '../ui/button.tsx';
import { PageHead } from '../ui/layout.tsx';

export function NotFound() {
  return (
    <>
      <PageHead
        title={<Trans>There is no such page</Trans>}
        lead={<Trans>The address may be old. Nothing is lost.</Trans>}
      />
      <div>
        <ButtonLink to="/" look="line">
          <Trans>Go to Today</Trans>
        </ButtonLink>
      </div>
    </>
  );
}

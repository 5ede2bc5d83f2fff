import { Trans, useLingui } from '@lingui/react/macro';
import { ButtonLink } from '../ui/button.tsx';
import { PageHead, Stack } from '../ui/layout.tsx';
import { SCREENS } from './places.ts';
import { VillageChoice } from './village-choice.tsx';

/** On a phone: the screens that do not fit the bottom bar. */
export function More() {
  const { t } = useLingui();
  return (
    <>
      <PageHead title={<Trans>More</Trans>} />
      <Stack>
        {SCREENS.filter((x) => !x.onPhone).map(({ to, name, icon: Icon }) => (
          <ButtonLink key={to} to={to} look="line" wide>
            <Icon aria-hidden />
            {t(name)}
          </ButtonLink>
        ))}
        <VillageChoice />
      </Stack>
    </>
  );
}

import { Trans } from '@lingui/react/macro';
import { useLocation } from 'wouter';
import { Button } from '../../ui/button.tsx';
import { Row, Small } from '../../ui/layout.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { Brand } from './brand.tsx';
import type { StepProps } from './first-run.tsx';

/** The first meter, then the first member: now, or later. */
export function LaterStep(p: StepProps & { readonly step: 'meter' | 'member'; readonly onLeave: () => void }) {
  const [, navigate] = useLocation();
  const isMeter = p.step === 'meter';
  const later = () => {
    if (isMeter) return p.go({ step: 'member' });
    navigate('/');
    p.finish();
  };
  const now = () => {
    if (isMeter) p.go({ step: 'member' });
    else p.finish();
    navigate(isMeter ? '/meters/add' : '/members/add');
    p.onLeave();
  };
  return (
    <main>
      <Wizard
        brand={<Brand />}
        title={isMeter ? <Trans>The first meter</Trans> : <Trans>The first member</Trans>}
        step={isMeter ? 5 : 6}
        of={6}
        resumable
        foot={<span />}
      >
        <Small>
          {isMeter ? (
            <Trans>Have the meter’s model and its network address at hand. A test reading shows that it answers.</Trans>
          ) : (
            <Trans>
              Add a neighbour who signs here with their own PIN, or invite someone with a laptop of their own.
            </Trans>
          )}
        </Small>
        <Row>
          <Button onPress={now}>{isMeter ? <Trans>Add a meter now</Trans> : <Trans>Add a member now</Trans>}</Button>
          <Button look="line" onPress={later}>
            <Trans>Later</Trans>
          </Button>
        </Row>
      </Wizard>
    </main>
  );
}

import { Trans, useLingui } from '@lingui/react/macro';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button.tsx';
import { Hidden } from './layout.tsx';

/** Puts a text on the clipboard and says whether it is there. */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const { t } = useLingui();
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    );
  };
  const said = state === 'copied' ? t`Copied` : state === 'refused' ? t`Select it and copy` : '';
  return (
    <span style={{ position: 'relative' }}>
      <Button look="line" small onPress={copy} {...(label && state === 'idle' && { label })}>
        {state === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />}
        {said || <Trans>Copy</Trans>}
      </Button>
      <span role="status">
        <Hidden>{said}</Hidden>
      </span>
    </span>
  );
}

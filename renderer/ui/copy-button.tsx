import { Trans } from '@lingui/react/macro';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button.tsx';

/** Puts a text on the clipboard and says whether it is there. */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    );
  };
  return (
    <Button look="line" small onPress={copy} {...(label && state === 'idle' && { label })}>
      {state === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />}
      <span role="status">
        {state === 'idle' && <Trans>Copy</Trans>}
        {state === 'copied' && <Trans>Copied</Trans>}
        {state === 'refused' && <Trans>Select it and copy</Trans>}
      </span>
    </Button>
  );
}

import { useLingui } from '@lingui/react/macro';
import { Key } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Facts } from '../ui/layout.tsx';
import { SCREENS } from './places.ts';

export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  return (
    <Dialog title={t`Keys`} open onClose={onClose}>
      <Facts
        rows={[
          [<Keys key="k" keys={['Ctrl', 'K']} />, t`Find or do`],
          [<Keys key="q" keys={['?']} />, t`These keys`],
          ...SCREENS.map(
            (screen, i) => [<Keys key={screen.to} keys={['g', String(i + 1)]} />, t(screen.name)] as const,
          ),
          [<Keys key="t" keys={['Tab']} />, t`Next field or button`],
          [<Keys key="e" keys={['Esc']} />, t`Close what is open`],
        ]}
      />
    </Dialog>
  );
}

const Keys = ({ keys }: { readonly keys: readonly string[] }) => (
  <span style={{ display: 'inline-flex', gap: 4 }}>
    {keys.map((k) => (
      <Key key={k}>{k}</Key>
    ))}
  </span>
);

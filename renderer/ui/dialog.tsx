import { useLingui } from '@lingui/react/macro';
import { X } from 'lucide-react';
import type { FormEvent, ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import s from './dialog.module.css';

/** One question on top of the page. Escape and the cross close it, focus returns to where it was. */
export function Dialog(p: {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
  /** Keeps the dialog until its own button closes it: for words shown once. */
  readonly held?: boolean;
}) {
  const { t } = useLingui();
  return (
    <ModalOverlay
      className={classNames(s['veil'])}
      isOpen={p.open}
      onOpenChange={(open) => !open && p.onClose()}
      isDismissable={false}
      isKeyboardDismissDisabled={p.held ?? false}
    >
      <Modal className={classNames(s['modal'], p.wide && s['wide'])}>
        <AriaDialog className={classNames(s['dialog'])}>
          <div className={s['head']}>
            <Heading slot="title" level={2}>
              {p.title}
            </Heading>
            {!p.held && (
              <Button look="quiet" label={t`Close`} onPress={p.onClose}>
                <X aria-hidden />
              </Button>
            )}
          </div>
          {p.children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export const DialogFoot = ({ children }: { readonly children: ReactNode }) => (
  <div className={s['foot']}>{children}</div>
);

/** A form whose Enter key sends it, without the browser's own page load. */
export function Form({ onSend, children }: { readonly onSend: () => void; readonly children: ReactNode }) {
  const send = (e: FormEvent) => {
    e.preventDefault();
    onSend();
  };
  return (
    <form onSubmit={send} noValidate style={{ display: 'grid', gap: 16 }}>
      {children}
    </form>
  );
}

import type { ReactNode } from 'react';
import { createPortal } from 'react-dom';
import './print.css';

/** What the printer gets instead of the screen: A5 paper, or the 80 mm roll of a receipt printer. */
export function PrintSheet({ size, children }: { readonly size: 'a5' | 'roll'; readonly children: ReactNode }) {
  return createPortal(
    <div className="print-sheet" data-size={size}>
      {children}
    </div>,
    document.body,
  );
}

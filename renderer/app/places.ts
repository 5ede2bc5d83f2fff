import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import {
  FileText,
  Gauge,
  type LucideIcon,
  ReceiptText,
  RefreshCw,
  SlidersHorizontal,
  Sunrise,
  Users,
} from 'lucide-react';

export interface Screen {
  readonly to: string;
  readonly name: MessageDescriptor;
  readonly icon: LucideIcon;
  /** In the bottom bar of a phone; the others stand under More. */
  readonly onPhone: boolean;
}

/** The console's screens in the order of the rail; `g` and its number goes there. */
export const SCREENS: readonly Screen[] = [
  { to: '/', name: msg`Today`, icon: Sunrise, onPhone: true },
  { to: '/members', name: msg`Members`, icon: Users, onPhone: false },
  { to: '/meters', name: msg`Meters`, icon: Gauge, onPhone: true },
  { to: '/agreements', name: msg`Agreements`, icon: FileText, onPhone: false },
  { to: '/accounts', name: msg`Accounts`, icon: ReceiptText, onPhone: true },
  { to: '/sync', name: msg`Sync`, icon: RefreshCw, onPhone: true },
  { to: '/settings', name: msg`Settings`, icon: SlidersHorizontal, onPhone: false },
];

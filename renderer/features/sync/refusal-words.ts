import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';

import type { RefusalKind } from './refusal-kind.ts';

export const REFUSAL_WORDS: Record<RefusalKind, MessageDescriptor> = {
  'other-village': msg`It belongs to another village.`,
  revoked: msg`The console that wrote it was taken out of the village.`,
  'not-let-in': msg`The console that wrote it was not let into this village.`,
  follows: msg`It builds on a record that was refused.`,
  clock: msg`Its clock does not fit. Look at the date of that console.`,
  signature: msg`Its signature is not right.`,
  damaged: msg`It arrived damaged, or Gridpact did not make it.`,
};

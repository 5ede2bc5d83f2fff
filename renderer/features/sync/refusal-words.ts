import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';

import type { RefusalKind } from './refusal-kind.ts';

interface RefusalWords {
  readonly what: MessageDescriptor;
  readonly act: MessageDescriptor;
}

export const REFUSAL_WORDS: Record<RefusalKind, RefusalWords> = {
  'other-village': {
    what: msg`It belongs to another village.`,
    act: msg`Nothing to do. If it was meant for here, ask for an invitation to that village.`,
  },
  revoked: {
    what: msg`The console that wrote it was taken out of the village.`,
    act: msg`Nothing to do. If its person is still one of you, invite them again.`,
  },
  'not-let-in': {
    what: msg`The console that wrote it was not let into this village.`,
    act: msg`Do you know it? Then a coordinator invites its person. Else nothing to do.`,
  },
  follows: {
    what: msg`It builds on a record that was refused.`,
    act: msg`Look at that one first.`,
  },
  clock: {
    what: msg`Its clock does not fit.`,
    act: msg`Set the date and time of that console right. What it writes then is taken.`,
  },
  signature: {
    what: msg`Its signature is not right.`,
    act: msg`Somebody changed it, or that console is broken. Ask its person to look at it.`,
  },
  damaged: {
    what: msg`It arrived damaged, or Gridpact did not make it.`,
    act: msg`Let the two consoles meet again, or copy the stick anew.`,
  },
};

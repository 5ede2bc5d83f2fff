import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import type { ErrorCode } from '#api/errors.ts';

interface ErrorWords {
  readonly what: MessageDescriptor;
  readonly act: MessageDescriptor;
}

/** Every refusal as a plain sentence and what to do next. */
export const ERROR_WORDS: Record<ErrorCode, ErrorWords> = {
  NOT_PAIRED: { what: msg`This window is not paired with the console`, act: msg`Type the pairing code it printed.` },
  NOT_ALLOWED: {
    what: msg`Your role does not allow this`,
    act: msg`Ask a coordinator to do it, or to change your role under Members.`,
  },
  NOT_FOUND: { what: msg`This is not in the book here`, act: msg`It may not have arrived yet. Look at Sync.` },
  BAD_INPUT: { what: msg`Something typed here cannot be used`, act: msg`Check the fields and send again.` },
  WRONG_PIN: { what: msg`That is not the PIN`, act: msg`Type it again. Nothing was signed.` },
  PIN_LOCKED: { what: msg`Too many wrong PINs`, act: msg`Wait a little, then type it again.` },
  BAD_WORDS: { what: msg`These paper words do not fit`, act: msg`Check the spelling and the order of all the words.` },
  NO_KEY_HERE: {
    what: msg`This person’s key is not on this laptop`,
    act: msg`They sign on their own console, or bring their paper words here.`,
  },
  BAD_INVITATION: { what: msg`This invitation cannot be read`, act: msg`Copy all of it, or scan it again.` },
  INVITATION_EXPIRED: { what: msg`This invitation is too old`, act: msg`Ask for a new one.` },
  VILLAGE_LOCKED: {
    what: msg`Another Gridpact has this village open`,
    act: msg`Close the other one, then try again.`,
  },
  RESTORED_COPY: {
    what: msg`This is a restored copy`,
    act: msg`Make it a new device first: the button is at the top of the page.`,
  },
  DISK_FULL: {
    what: msg`The disk is full`,
    act: msg`Make room, then try again. What is written so far is safe.`,
  },
  METER_SILENT: {
    what: msg`The meter does not answer`,
    act: msg`Look at its cable and its power, check the address, then try again.`,
  },
  METER_REFUSED: {
    what: msg`The meter answers, but refuses`,
    act: msg`Check the unit number and the model, then try again.`,
  },
  METER_MISMATCH: { what: msg`This is another model`, act: msg`Choose the model that stands on the meter.` },
  METER_TAKEN: { what: msg`This meter is already in the village`, act: msg`Look for it under Meters.` },
  READING_BELOW_LAST: {
    what: msg`This is less than the last reading`,
    act: msg`A register only grows. Read it again, without the red digits.`,
  },
  BAD_FILE: {
    what: msg`This file cannot be read`,
    act: msg`What is wrong with it stands below. Correct it, or choose another file.`,
  },
  BUNDLE_DAMAGED: {
    what: msg`This file is damaged`,
    act: msg`Take what is whole of it, and ask for a new file for the rest.`,
  },
  MONTH_EXPORTED: {
    what: msg`The readings of this month are in a file, not on this laptop`,
    act: msg`Bring that file back under Sync, Older months. Its name stands below.`,
  },
  MONTH_KEPT_NOWHERE: {
    what: msg`No console that is connected now has all of this month`,
    act: msg`Connect to one of the consoles named below, or bring the file of the month.`,
  },
  MONTH_NEEDED_HERE: {
    what: msg`This month stays on this laptop`,
    act: msg`Why stands below. Nothing was removed.`,
  },
  EXPORT_NOT_WHOLE: {
    what: msg`This file does not hold all of the month`,
    act: msg`Write the month to a file again, then remove it with that file. Nothing was removed.`,
  },
  BUNDLE_OTHER_VILLAGE: {
    what: msg`This file is of another village`,
    act: msg`Open that village and bring the file in there.`,
  },
  AGREEMENT_CHANGED: {
    what: msg`The agreement changed while you read it`,
    act: msg`Read it again. Nothing was signed.`,
  },
  AGREEMENT_INCOMPLETE: { what: msg`Some blanks are still empty`, act: msg`Fill every blank, then try again.` },
  ALREADY_SIGNED: { what: msg`This is already signed`, act: msg`Nothing more to do here.` },
  PERIOD_NOT_OVER: { what: msg`This month is not over`, act: msg`Close it on the first day of the next month.` },
  PERIOD_CLOSED: { what: msg`This month is already closed`, act: msg`A late reading goes into the next month.` },
  PERIOD_OUT_OF_ORDER: { what: msg`An earlier month is still open`, act: msg`Close that one first.` },
  ANOTHER_CLOSE: {
    what: msg`Another close of this month is already signed`,
    act: msg`Look at it under Accounts and sign that one.`,
  },
  CANNOT_VERIFY_CLOSE: {
    what: msg`This console cannot check these numbers yet`,
    act: msg`Some readings have not arrived. Connect to the console that closed the month, and look under Sync whether this one fetches them.`,
  },
  CLOSE_NOT_READABLE: {
    what: msg`Not all readings of this month are shared with this console`,
    act: msg`Close and sign on the console of a coordinator.`,
  },
  NOT_ENOUGH_SIGNATURES: { what: msg`More signatures are needed`, act: msg`Ask the next coordinator to sign.` },
  CHAIN_UNREACHABLE: {
    what: msg`The chain cannot be reached now`,
    act: msg`The month stays signed. It goes out once, when the line returns.`,
  },
  CHAIN_MISMATCH: {
    what: msg`The chain tells another story than the book`,
    act: msg`Settle nothing. Make a diagnostics file under Settings and ask for support.`,
  },
  CHAIN_UNAVAILABLE: { what: msg`No chain is set up here`, act: msg`Settle on the console that holds the chain.` },
  BATCH_REFUSED: {
    what: msg`The chain refused this month`,
    act: msg`Nothing was paid. Look at the words below, then try again.`,
  },
  DIAL_FAILED: { what: msg`That console does not answer`, act: msg`Check that it is on and on the same network.` },
  BAD_ADDRESS: { what: msg`This is not an address of a console`, act: msg`Copy it whole from the other console.` },
  CANCELLED: { what: msg`Stopped`, act: msg`Nothing is half done. Start it again when you like.` },
  INTERNAL: {
    what: msg`Gridpact made a mistake`,
    act: msg`Nothing was lost. Try again; if it stays, make a diagnostics file under Settings.`,
  },
};

export interface Refusal {
  readonly code: ErrorCode;
  /** In English, names what and where. */
  readonly detail: string;
  readonly retryable: boolean;
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERROR_WORDS, code);

/** What a failed call says; anything unknown becomes INTERNAL. */
export function readRefusal(error: unknown): Refusal {
  const e = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    data?: unknown;
    message?: unknown;
  };
  const data = (typeof e.data === 'object' && e.data !== null ? e.data : {}) as {
    detail?: unknown;
    retryable?: unknown;
  };
  const detail = typeof data.detail === 'string' ? data.detail : typeof e.message === 'string' ? e.message : '';
  const code = isCode(e.code) ? e.code : e.code === 'BAD_REQUEST' ? 'BAD_INPUT' : 'INTERNAL';
  return { code, detail, retryable: data.retryable !== false };
}

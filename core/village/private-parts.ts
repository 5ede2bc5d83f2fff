import { openBytes, sealBytes } from '#core/crypto/aead.ts';
import { toHex } from '#domain/bytes.ts';
import { MEMBERS } from '#domain/membership/audiences.ts';
import { privateAad, privateBytes, type SealedFields, type Subject } from '#domain/membership/private-fields.ts';
import { type OpenPrivate, type RevealedState, reveal } from '#domain/village/reveal.ts';
import type { VillageState } from '#domain/village/state.ts';
import type { AudienceKeys, NamedKey } from './audience-keys.ts';
import { standInFor } from './stand-in.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Seals what a record is to tell only some. */
export function sealFields(village: string, subject: Subject, id: string, fields: Fields, key: NamedKey): SealedFields {
  return { key: key.id, ...sealBytes(key.key, privateBytes(fields), privateAad(village, subject, id)) };
}

/** The private parts of records: sealed for their audience, and read by who holds the keys. */
export interface PrivateParts {
  readonly seal: (subject: Subject, id: string, fields: Fields, scope?: string) => SealedFields;
  readonly revealed: () => RevealedState;
  /** Other keys are held: what could not be read may be readable now. */
  forget(): void;
}

export interface PrivateSource {
  readonly village: string;
  readonly keys: AudienceKeys;
  readonly state: () => VillageState;
  readonly now: () => number;
  readonly language: () => string | undefined;
}

export function createPrivateParts({ village, keys, state, now, language }: PrivateSource): PrivateParts {
  const opened = new Map<string, Uint8Array>();
  let last:
    | { readonly of: VillageState; readonly language: string | undefined; readonly revealed: RevealedState }
    | undefined;
  const open: OpenPrivate = (sealed, aad) => {
    const name = `${sealed.key}${toHex(sealed.iv)}${new TextDecoder().decode(aad)}`;
    const known = opened.get(name);
    if (known) return known;
    const key = keys.find(sealed.key);
    const bytes = key ? openBytes(key, sealed, aad) : undefined;
    if (bytes) opened.set(name, bytes);
    return bytes;
  };
  return {
    seal: (subject, id, fields, scope = MEMBERS) =>
      sealFields(village, subject, id, fields, keys.current(state(), scope, now())),
    revealed() {
      const [of, words] = [state(), language()];
      if (last?.of !== of || last.language !== words)
        last = { of, language: words, revealed: reveal(of, open, standInFor(words)) };
      return last.revealed;
    },
    forget() {
      last = undefined;
    },
  };
}

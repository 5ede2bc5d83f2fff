import { LangEn } from 'ethers';

/**
 * A digest as words a person can read aloud and compare: 11 bits a word, from the BIP-39 English list.
 * Six words: one chance in 7e19 that another text shows the same.
 */
export function sealWords(digest: Uint8Array, count: number): string[] {
  const list = LangEn.wordlist();
  const words: string[] = [];
  for (let w = 0; w < count; w++) {
    let index = 0;
    for (let b = w * 11; b < w * 11 + 11; b++) index = (index << 1) | (((digest[b >> 3] ?? 0) >> (7 - (b & 7))) & 1);
    words.push(list.getWord(index));
  }
  return words;
}

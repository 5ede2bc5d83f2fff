/** Typed paper words as the keystore reads them: lower case, one space between, without the numbers of the print. */
export function readPaperWords(typed: string): { readonly words: string; readonly count: number } {
  const words = typed
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);
  return { words: words.join(' '), count: words.length };
}

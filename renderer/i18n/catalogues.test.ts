import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Entry {
  readonly id: string;
  readonly text: string;
}

/** Reads the ids and texts of a catalogue; quoted lines that follow each other belong together. */
function readCatalogue(language: string): Entry[] {
  const text = readFileSync(new URL(`./locales/${language}.po`, import.meta.url), 'utf8');
  const read = (part: string): string =>
    [...part.matchAll(/^"(.*)"$/gm)].map((m) => JSON.parse(`"${m[1]}"`) as string).join('');
  return text
    .split(/\n\n+/)
    .map((block) => /msgid ([\s\S]*?)\nmsgstr ([\s\S]*)$/.exec(`${block.trim()}`))
    .filter((m) => m !== null)
    .map((m) => ({ id: read(m[1] ?? ''), text: read(m[2] ?? '') }))
    .filter((e) => e.id !== '');
}

/** Placeholders, tags and plural arguments that a translation must keep. */
const holes = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)[,}]|<(\/?\d+)\/?>/g)].map((m) => m[1] ?? `<${m[2]}>`))].sort();

const english = readCatalogue('en');
const swahili = readCatalogue('sw');

describe('catalogues', () => {
  it('hold the same messages in both languages', () => {
    expect(english.length).toBeGreaterThan(500);
    expect(swahili.map((e) => e.id)).toEqual(english.map((e) => e.id));
  });

  it('say everything in Swahili', () => {
    expect(swahili.filter((e) => e.text.trim() === '').map((e) => e.id)).toEqual([]);
  });

  it('keep every name, figure and link of a sentence in its translation', () => {
    const changed = swahili.filter((e) => e.text !== '' && holes(e.text).join() !== holes(e.id).join());
    expect(changed.map((e) => e.id)).toEqual([]);
  });
});

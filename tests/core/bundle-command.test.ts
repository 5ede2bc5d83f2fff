import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { joinVillage } from '#core/villages/invitations.ts';
import { runCommandLine } from '#main/cli/run.ts';
import { endAll, found, invite, makeFolder, openConsole, PIN, type TestConsole, WAIT } from './consoles.ts';
import { makeLease } from './months.ts';

afterEach(endAll);

const run = (...line: string[]) => runUntil(new AbortController().signal, ...line);
async function runUntil(signal: AbortSignal, ...line: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { print: (text: string) => out.push(text), note: (text: string) => err.push(text) };
  const code = await runCommandLine(line, { ...io, signal });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** Two consoles of one village that never met, both stopped, and a stick. */
async function apart(): Promise<{ first: TestConsole; second: TestConsole; writer: string; stick: string }> {
  const first = await openConsole();
  await found(first);
  await makeLease(first);
  const text = await invite(first, 'Okot', ['owner']);
  const writer = first.open().village.keys.id;
  await first.stop();
  const second = await openConsole();
  await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
  await second.stop();
  return { first, second, writer, stick: join(makeFolder('stick'), 'village.car') };
}

describe('gridpact bundle', () => {
  test('carries a village by file between two consoles that never meet, each time only what is missing (J7)', async () => {
    const { first, second, writer, stick } = await apart();
    const written = await run('bundle', 'export', stick, '--data', first.dir, '--json');
    expect(written, written.err).toMatchObject({ code: 0 });
    expect(JSON.parse(written.out)).toMatchObject({ blocks: 1, file: stick });
    expect(existsSync(`${stick}.part`)).toBe(false);
    const taken = await run('bundle', 'import', stick, '--data', second.dir);
    expect(taken, taken.err).toMatchObject({ code: 0 });
    expect(taken.out).not.toContain('not known in this village');
    expect(taken.out).toMatch(/^\d+ new entries and 1 days of readings are in the books; 0 were here already\./);
    // Opened once more, so that its join is written.
    await second.restart();
    const { village } = second.open();
    await vi.waitFor(() => expect(village.state().devices.has(village.keys.id)).toBe(true), WAIT);
    await second.stop();

    const back = await run('bundle', 'export', stick, '--since', writer.slice(0, 8), '--data', second.dir, '--json');
    const sent = JSON.parse(back.out) as { entries: number; blocks: number };
    expect(sent.blocks).toBe(0);
    expect(sent.entries).toBeLessThan(4);
    const home = await run('bundle', 'import', stick, '--data', first.dir, '--json');
    expect(JSON.parse(home.out)).toMatchObject({ joined: sent.entries, waiting: 0, refused: [] });
  });

  test('says what to do first: to join the village, or to name a console that told what it has', async () => {
    const { first, second, stick } = await apart();
    await run('bundle', 'export', stick, '--data', first.dir);
    const stranger = await openConsole();
    await stranger.stop();
    const refused = await run('bundle', 'import', stick, '--data', stranger.dir);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/which this console is not in\. Join it first with an invitation/);
    const unknown = await run('bundle', 'export', stick, '--since', 'Nobody', '--data', first.dir);
    expect(unknown.err).toMatch(/No other console of this village belongs to Nobody/);
    const day = await run('bundle', 'export', stick, '--since', '2026-02-31', '--data', first.dir);
    expect(day).toMatchObject({ code: 2 });
    const none = await run('bundle', 'import', `${stick}.none`, '--data', second.dir);
    expect(none.err).toMatch(/cannot be opened \(ENOENT\)\. Is the stick in\?/);
    const folder = await run('bundle', 'import', second.dir, '--data', second.dir);
    expect(folder).toMatchObject({
      code: 1,
      err: `${second.dir} is not a file. Name the file that the other console wrote. (BAD_FILE)`,
    });
    const slashes = await run('bundle', 'export', stick, '--since', '2026/2/1', '--data', first.dir);
    expect(slashes).toMatchObject({ code: 2 });
    expect(slashes.err).toContain('write it as YYYY-MM-DD');
    const later = await run('bundle', 'export', stick, '--since', '2099-01-01', '--data', first.dir);
    expect(later.out).toContain('Nothing was written since 2099-01-01.');
    await run('bundle', 'export', stick, '--data', first.dir);
    writeFileSync(stick, readFileSync(stick).subarray(0, -40));
    const cut = await run('bundle', 'import', stick, '--data', second.dir);
    expect(cut).toMatchObject({ code: 1 });
    expect(cut.err).toMatch(/it was cut off at byte \d+\. Nothing was taken/);
    expect(cut.err).toContain('--whole-parts');
  });

  test('stopped by the person says so in a word, and leaves neither the file nor a part of it', async () => {
    const { first, stick } = await apart();
    const stopped = await runUntil(AbortSignal.abort(), 'bundle', 'export', stick, '--data', first.dir);
    expect(stopped).toMatchObject({ code: 1, out: '', err: 'gather\nStopped as asked, before it was done.' });
    expect(readdirSync(dirname(stick))).toEqual([]);
  });

  test('killed in the middle of an import takes the same file again and ends with the same books', async () => {
    const { first, second, stick } = await apart();
    await run('bundle', 'export', stick, '--data', first.dir);
    const cli = join(import.meta.dirname, '../../main/cli/cli.ts');
    const line = [cli, 'bundle', 'import', stick, '--data', second.dir];
    const env = { ...process.env, GRIDPACT_KILL_AT: 'sync.entries-stored:2' };
    const killed = spawnSync(process.execPath, line, { env, encoding: 'utf8', timeout: 60_000 });
    expect(killed.signal, killed.stderr).toBe('SIGKILL');
    const taken = await run('bundle', 'import', stick, '--data', second.dir, '--json');
    expect(taken.code, taken.err).toBe(0);
    const sums = JSON.parse(taken.out) as { joined: number; known: number };
    expect(sums.known).toBeGreaterThan(0);
    expect(sums.joined).toBeGreaterThan(0);
    await second.restart();
    expect(second.open().village.state().agreements.size).toBe(1);
  });
});

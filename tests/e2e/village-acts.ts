import { expect, type Page } from '@playwright/test';
import type { RunningPlant } from '#meter-drivers/simulator/plant-client.ts';
import { choose, keepPaperWords, openScreen, setTick, typeNewPin } from './console-window.ts';
import { findFreePort } from './free-port.ts';

/** What people do in a village, by its screens alone. */
export interface Person {
  readonly name: string;
  readonly pin: string;
}

/** Founds a village and leaves the wizard at its first meter. */
export async function foundVillage(page: Page, village: string, you: Person): Promise<void> {
  await page.getByRole('button', { name: /Start a new village/ }).click();
  await page.getByLabel('Name of the village').fill(village);
  await choose(page, 'Currency', /^UGX/);
  await choose(page, 'Clock of the village', 'UTC+03:00');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByLabel('Your name').fill(you.name);
  await typeNewPin(page, you.pin);
  await page.getByRole('button', { name: `Found ${village}` }).click();
  await keepPaperWords(page);
  await page.getByRole('button', { name: 'Go on' }).click();
}

/** Leaves the list of members on the screen. */
export async function addMember(page: Page, person: Person, role: string): Promise<void> {
  await page.getByRole('link', { name: 'Add a member' }).click();
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await tickRoles(page, [role], role === 'Uses energy' ? [] : ['Uses energy']);
  await typeNewPin(page, person.pin);
  await page.getByRole('button', { name: 'Add the member' }).click();
  await keepPaperWords(page);
  await page.getByRole('button', { name: 'The words are on paper' }).click();
  await expect(page.getByRole('heading', { level: 1, name: person.name })).toBeVisible();
  await page.getByRole('link', { name: 'Members' }).first().click();
}

export async function tickRoles(page: Page, on: readonly string[], off: readonly string[]): Promise<void> {
  for (const name of on) await setTick(page, name, true);
  for (const name of off) await setTick(page, name, false);
}

export interface MeterEntry {
  readonly key: string;
  readonly name: string;
  readonly place: string;
  readonly member: string;
  readonly limitKw: string;
}

export async function addMeter(page: Page, plant: RunningPlant, entry: MeterEntry): Promise<void> {
  const meter = plant.meters.find((m) => m.key === entry.key);
  if (!meter) throw new Error(`the plant has no meter ${entry.key}`);
  await choose(page, 'Brand', meter.model === 'sunspec-meter' ? 'SunSpec' : 'Schneider Electric');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByLabel('Address').fill('127.0.0.1');
  await page.getByLabel('Port').fill(String(await findFreePort()));
  await page.getByLabel('Unit number').fill(String(meter.unit));
  await page.getByRole('button', { name: 'Read it once' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Port').fill(String(plant.ports.modbus));
  await page.getByRole('button', { name: 'Read it once' }).click();
  await expect(page.getByRole('heading', { name: 'It answers' })).toBeVisible();
  await expect(page.getByText('simulated', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'The number is right, go on' }).click();
  await page.getByLabel('Name', { exact: true }).fill(entry.name);
  await choose(page, 'Place', entry.place);
  await choose(page, 'Member', entry.member);
  await page.getByLabel('Most the line can carry').fill(entry.limitKw);
  await page.getByRole('button', { name: 'Add the meter' }).click();
  await expect(page.getByRole('heading', { level: 1, name: entry.name })).toBeVisible();
}

/** Who stands in the blanks of a host-lease; the prices are those of the story. */
export interface LeaseParties {
  readonly owner: string;
  readonly host: string;
  readonly hostMeter: string;
  /** As its tick is named. */
  readonly neighbour: string | null;
  readonly grid: string;
  readonly firstMonth: string;
}

/** Offers a lease, and leaves its page on the screen. */
export async function writeLease(page: Page, lease: LeaseParties): Promise<void> {
  await openScreen(page, 'Agreements');
  await page.getByRole('link', { name: 'New agreement' }).click();
  const fillBlank = async (name: string, value: string): Promise<void> => {
    const editor = page.getByRole('region', { name, exact: true });
    await expect(editor).toBeVisible();
    await editor.getByRole('textbox').fill(value);
    await editor.getByRole('button', { name: /Next blank/ }).click();
  };
  const pickBlank = async (name: string, value: string): Promise<void> => {
    const editor = page.getByRole('region', { name, exact: true });
    await choose(editor, name, value);
    await editor.getByRole('button', { name: /Next blank/ }).click();
  };
  await pickBlank('Owner', lease.owner);
  await pickBlank('Plant', 'No single asset');
  await pickBlank('Host', lease.host);
  await fillBlank('Price for the host', '200');
  await pickBlank('Meter of the host', lease.hostMeter);
  await fillBlank('Rent for the premises', '15');
  if (lease.neighbour !== null) await setTick(page, lease.neighbour, true);
  await page.getByRole('button', { name: /Next blank/ }).click();
  await fillBlank('Price for neighbours', '180');
  await pickBlank('Grid provider', lease.grid);
  await fillBlank('Price of carrying', '10');
  await fillBlank('Share of the owner', '60');
  const from = page.getByRole('region', { name: 'First month', exact: true });
  await from.getByLabel('First month').fill(lease.firstMonth);
  await from.getByRole('button', { name: /Next blank/ }).click();
  await fillBlank('How long', '144');
  await page.getByRole('button', { name: 'Read it, then offer it' }).click();
  await expect(page.getByText(lease.neighbour === null ? '0 / 3' : '0 / 4')).toBeVisible();
}

/** Signs what is on the screen, after a wrong PIN. */
export async function signAgreement(page: Page, person: Person): Promise<void> {
  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const signer = dialog.getByRole('button', { name: /Who signs\?$/ });
  if (!(await signer.textContent())?.includes(person.name)) await choose(dialog, 'Who signs\\?', person.name);
  await dialog.getByText(/I have read all \d+ sentences/).click();
  await dialog.getByLabel('PIN of the person who signs').fill('000000');
  await dialog.getByRole('button', { name: 'Sign these words' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByLabel('PIN of the person who signs').fill(person.pin);
  await dialog.getByRole('button', { name: 'Sign these words' }).click();
  await expect(dialog).toHaveCount(0);
}

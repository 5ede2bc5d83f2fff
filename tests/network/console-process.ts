import { randomBytes, randomUUID } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { publishFrames } from '#core/metering/sealing.ts';
import type { StartVillageNode } from '#core/ports/village-node.ts';
import { createRouter } from '#core/router/create-router.ts';
import { startConsole } from '#core/start-core.ts';
import { foundVillage } from '#core/villages/founding.ts';
import { joinVillage, makeInvitation } from '#core/villages/invitations.ts';
import { toHex } from '#domain/bytes.ts';
import { newId } from '#domain/ids.ts';
import { DAY_MS, dayOf, HOUR_MS, UTC } from '#domain/time.ts';
import { composeOptions } from '#main/compose.ts';

/** One console of a village in a process of its own, driven over the IPC channel; see remote-console.ts. */
const { GRIDPACT_TEST_DIR: dataDir = '', GRIDPACT_TEST_LISTEN: listen = '' } = process.env;
const ownRecords = Number(process.env['GRIDPACT_TEST_OWN_RECORDS'] ?? 0);
const PIN = '2468';
const METER = {
  kind: 'use',
  place: 'home',
  source: null,
  asset: null,
  member: null,
  limitW: 1000,
  manufacturer: null,
  model: null,
  simulated: true,
};
const options = composeOptions({
  dataDir,
  host: 'command-line',
  mdns: false,
  listen: [listen],
  log: () => undefined,
});
const startNode: StartVillageNode = (node) =>
  options.startNode(ownRecords > 0 ? { ...node, allowance: { ownRecords, ownRecordsPerDay: 0 } } : node);
const { console, stop } = await startConsole({ ...options, startNode, autoPoll: false });
const client = createRouterClient(createRouter(console), { context: { session: { kind: 'operator' } } });
const open = () => {
  const [first] = console.open.values();
  if (!first) throw new Error('this console holds no village');
  return first;
};
const sizeOf = (path: string): number => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return readdirSync(path).reduce((bytes, name) => bytes + sizeOf(join(path, name)), 0);
};

const commands: Record<string, (...args: string[]) => unknown> = {
  async found() {
    await foundVillage(console, {
      name: 'Odokonyero',
      currency: { code: 'UGX', exponent: 0 },
      zoneOffsetMin: 180,
      simulated: false,
      you: { name: 'Akello', roles: ['coordinator'] },
      pin: PIN,
      how: 'founded',
    });
  },
  async invite(name = '') {
    const { village } = open();
    const key = await village.keystore.unlock(village.row.member, PIN);
    return makeInvitation(open(), key, { name, roles: ['consumer'], expiresMs: village.now() + 30 * DAY_MS });
  },
  join: (text = '', name = '') => joinVillage(console, { text, name, pin: PIN }).then(() => null),
  address: () => open().village.node.addresses()[0],
  dial: (address = '') => open().village.node.dial(address),
  /** Answers once the record is durable. */
  note: (text = '') => open().village.act([{ book: 'operations-2026-03', kind: 'note', body: { text } }]),
  notes: () =>
    [...open().village.index.outside.values()].flatMap((r) =>
      r.kind === 'note' ? [(r.body as { text: string }).text] : [],
    ),
  async addMeter() {
    const { village } = open();
    const meter = newId('e', village.id, new Uint8Array(randomBytes(16)));
    const name = village.seal('meter', meter, { name: 'mill', serial: null });
    await village.act([{ book: 'assets', kind: 'meter.add', body: { ...METER, meter, private: name } }]);
    return meter;
  },
  /** Seals and announces a day of a meter; answers the segment. */
  seal: (meter = '', dayMs = '') =>
    publishFrames(open().village, dayOf(Number(dayMs), UTC), [
      {
        meter,
        fromMs: Number(dayMs),
        stepMs: HOUR_MS,
        importWh: Array.from({ length: 25 }, (_, i) => BigInt(i)),
        exportWh: null,
        asked: Array.from({ length: 24 }, () => 1),
        answered: Array.from({ length: 24 }, () => 1),
        clock: 'informative',
        origin: 'gateway',
      },
    ]),
  standing() {
    const { village } = open();
    return {
      records: village.index.size,
      members: village.state().members.size,
      stateHash: village.stateHash(),
      onHold: village.state().onHold.size,
      verified: village.segments.progress().verified.segments,
      connected: village.node.peers().filter((peer) => peer.connected).length,
    };
  },
  /** What a thief finds on this laptop. */
  secrets() {
    const { keys, id, network } = open().village;
    return { village: id, device: keys.id, seed: toHex(keys.seed), networkKey: toHex(network.newestKey()) };
  },
  async revoke(device = '') {
    const village = open().village.id;
    await client.villages.revokeDevice({
      commandId: randomUUID(),
      village,
      device,
      reason: 'stolen from the car',
      counts: 'so-far',
    });
  },
  async refused() {
    const { refused } = await client.sync.status({ village: open().village.id });
    return refused.map(({ peer, reason }) => ({ peer, reason }));
  },
  /** Whether the books hold a record, and whether it counts. */
  verdict(id = '') {
    const { village } = open();
    if (!village.index.find(id)) return 'absent';
    return village.state().onHold.get(id) ?? 'counts';
  },
  cost: () => ({ peakBytes: process.resourceUsage().maxRSS * 1024, diskBytes: sizeOf(dataDir) }),
  stop,
};

process.on('message', ({ id, command, args }: { id: number; command: string; args: string[] }) => {
  const run = async (): Promise<unknown> => commands[command]?.(...args);
  run().then(
    (value) =>
      process.send?.({ id, value }, undefined, undefined, () => {
        if (command === 'stop') process.disconnect();
      }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });

import { startConsole } from '#core/start-core.ts';
import { foundVillage } from '#core/villages/founding.ts';
import { joinVillage, makeInvitation } from '#core/villages/invitations.ts';
import { DAY_MS } from '#domain/time.ts';
import { composeOptions } from '#main/compose.ts';

/** One console of a village on a host of its own, driven over the IPC channel; see remote-console.ts. */
const { GRIDPACT_TEST_DIR: dataDir = '', GRIDPACT_TEST_LISTEN: listen = '' } = process.env;
const PIN = '2468';
const options = composeOptions({
  dataDir,
  host: 'command-line',
  mdns: false,
  listen: [listen],
  log: () => undefined,
});
const { console, stop } = await startConsole({ ...options, autoPoll: false });
const open = () => {
  const [first] = console.open.values();
  if (!first) throw new Error('this console holds no village');
  return first;
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
  dial: (address = '') => open().village.node.dial(address),
  /** Answers once the record is durable. */
  note: (text = '') => open().village.act([{ book: 'operations-2026-03', kind: 'note', body: { text } }]),
  standing() {
    const { village } = open();
    return {
      records: village.index.size,
      members: village.state().members.size,
      stateHash: village.stateHash(),
      onHold: village.state().onHold.size,
      connected: village.node.peers().filter((peer) => peer.connected).length,
    };
  },
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

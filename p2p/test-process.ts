import { cidOf, fromHex } from '#domain/bytes.ts';
import { addressOf, createTestDevice, idsOf, startTestNode } from './test-village.ts';

/** A node in a process of its own, driven over the IPC channel; see test-remote.ts for the other end. */
const { GRIDPACT_TEST_DIR: dir = '', GRIDPACT_TEST_SEED: seed = '' } = process.env;
const device = createTestDevice(fromHex(seed));
const listen = process.env['GRIDPACT_TEST_LISTEN'];
const node = await startTestNode({
  device,
  dir,
  relay: process.env['GRIDPACT_TEST_RELAY'] === 'yes',
  ...(listen ? { listen: [listen] } : {}),
});

const commands: Record<string, (...args: string[]) => unknown> = {
  address: () => addressOf(node),
  async append(book = '', body = '') {
    const record = device.write(book, body);
    await node.append(book, [record]);
    return cidOf(record.bytes);
  },
  dial: (address = '') => node.dial(address),
  ids: (book = '') => idsOf(node, book),
  /** 'relayed', 'direct' or 'none'. */
  linkTo(peer = '') {
    const link = node.peers().find((p) => p.peer === peer);
    if (!link?.connected) return 'none';
    return link.relayed ? 'relayed' : 'direct';
  },
  inStep: () => node.peers().some((peer) => peer.connected && peer.inStep),
  stop: () => node.stop(),
};

process.on('message', ({ id, command, args }: { id: number; command: string; args: string[] }) => {
  const run = async (): Promise<unknown> => commands[command]?.(...args);
  run().then(
    (value) =>
      process.send?.({ id, value }, undefined, undefined, () => {
        // Without the channel nothing but a leak of the node can keep this process alive.
        if (command === 'stop') process.disconnect();
      }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.send?.({ ready: true });

import { randomBytes } from 'node:crypto';
import type { Libp2p, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { VillageNode, WantedBlock } from '#core/ports/village-node.ts';
import { cidOf, encode, toHex, utf8 } from '#domain/bytes.ts';
import { BLOCKS_PROTOCOL, MAX_REQUEST_FRAME, readRequest, type Want } from './block-wire.ts';
import { createFrameParser } from './frame-parser.ts';
import { TEST_PSK } from './test-village.ts';

/** A bare libp2p peer of the test village, which answers blocks as the test says. */
export async function startBarePeer(): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: preSharedKey({ psk: utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${toHex(TEST_PSK)}`) }),
    connectionGater: { denyDialMultiaddr: () => false },
  });
}

export const bareAddressOf = (peer: Libp2p): string => peer.getMultiaddrs()[0]?.toString() ?? '';

/** Answers every frame of wants with whatever the test writes to the stream. */
export async function serveWants(
  peer: Libp2p,
  answer: (wants: readonly Want[], stream: Stream) => void,
): Promise<void> {
  await peer.handle(BLOCKS_PROTOCOL, (stream) => {
    const parser = createFrameParser(MAX_REQUEST_FRAME);
    stream.addEventListener('message', ({ data }) => {
      for (const frame of parser.push(data.subarray())) {
        const request = readRequest(frame);
        if (request?.t === 'want' && stream.writeStatus === 'writable') answer(request.wants, stream);
      }
    });
  });
}

export interface TestBlock extends WantedBlock {
  readonly block: Uint8Array;
}

/** Blocks that no compression makes smaller. */
export function makeBlocks(count: number, bytes: number): TestBlock[] {
  return Array.from({ length: count }, () => {
    const block = encode(new Uint8Array(randomBytes(bytes)));
    return { cid: cidOf(block), bytes: block.length, block };
  });
}

export async function putBlocks(node: VillageNode, blocks: readonly TestBlock[]): Promise<void> {
  for (const { cid, block } of blocks) await node.putBlock(cid, block);
}

import { AppError } from '#core/ports/errors.ts';
import { createPeer } from './peer.ts';
import type { PeerAnswer, PeerCall } from './peer-protocol.ts';

// One console of the demo, in a process of its own; talks to its parent only.
const peer = createPeer(
  (line) => process.env['GRIDPACT_DEMO_LOG'] && process.stderr.write(`[${process.pid}] ${line}\n`),
);
let queue: Promise<unknown> = Promise.resolve();

process.on('message', (call: PeerCall) => {
  queue = queue.then(async () => {
    let answer: PeerAnswer;
    try {
      answer = { id: call.id, ok: true, output: await peer.handle(call.method, call.input) };
    } catch (e) {
      const known = e instanceof AppError;
      const message = e instanceof Error ? (known ? e.message : (e.stack ?? e.message)) : String(e);
      answer = { id: call.id, ok: false, code: known ? e.code : 'INTERNAL', message, retryable: known && e.retryable };
    }
    process.send?.(answer);
  });
});
process.on('disconnect', () => process.exit(0));

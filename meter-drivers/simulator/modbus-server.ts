import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A unit's answer: its words, a Modbus exception code, or nothing at all. */
export type UnitAnswer =
  | { readonly words: readonly number[] }
  | { readonly exception: number }
  | { readonly silent: true };

export interface ModbusServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface ModbusServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Answers a read of holding registers. */
  readonly answer: (unit: number, address: number, words: number) => UnitAnswer;
}

const MBAP_BYTES = 6;
const MAX_PDU_BYTES = 254;
const MAX_CONNECTIONS = 64;
const READ_HOLDING = 3;
const ILLEGAL_FUNCTION = 1;
export const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;
/** Gateway target device failed to respond. */
export const TARGET_SILENT = 11;

function answerRequest(body: Buffer, answer: ModbusServerOptions['answer']): Buffer | null {
  const unit = body.readUInt8(0);
  const functionCode = body.readUInt8(1);
  const refuse = (exception: number): Buffer => Buffer.of(unit, functionCode | 0x80, exception);
  if (functionCode !== READ_HOLDING) return refuse(ILLEGAL_FUNCTION);
  if (body.length !== 6) return refuse(ILLEGAL_VALUE);
  const address = body.readUInt16BE(2);
  const words = body.readUInt16BE(4);
  if (words < 1 || words > 125) return refuse(ILLEGAL_VALUE);
  if (address + words > 65_536) return refuse(ILLEGAL_ADDRESS);
  const given = answer(unit, address, words);
  if ('silent' in given) return null;
  if ('exception' in given) return refuse(given.exception);
  const reply = Buffer.alloc(3 + 2 * words);
  reply.writeUInt8(unit, 0);
  reply.writeUInt8(functionCode, 1);
  reply.writeUInt8(2 * words, 2);
  given.words.forEach((word, i) => {
    reply.writeUInt16BE(word & 0xffff, 3 + 2 * i);
  });
  return reply;
}

function serveConnection(socket: Socket, answer: ModbusServerOptions['answer']): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    while (pending.length >= MBAP_BYTES) {
      const bytes = pending.readUInt16BE(4);
      if (pending.readUInt16BE(2) !== 0 || bytes < 2 || bytes > MAX_PDU_BYTES) return void socket.destroy();
      if (pending.length < MBAP_BYTES + bytes) return;
      const body = answerRequest(pending.subarray(MBAP_BYTES, MBAP_BYTES + bytes), answer);
      if (body) {
        const header = Buffer.alloc(MBAP_BYTES);
        pending.copy(header, 0, 0, 2);
        header.writeUInt16BE(body.length, 4);
        socket.write(Buffer.concat([header, body]));
      }
      pending = pending.subarray(MBAP_BYTES + bytes);
    }
  });
}

/**
 * A Modbus TCP gateway that serves holding registers of many units. Our own because a simulated meter must be able to
 * stay silent and to sit on any free port, which modbus-serial's server cannot.
 */
export async function startModbusServer(options: ModbusServerOptions): Promise<ModbusServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, options.answer);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

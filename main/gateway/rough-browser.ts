import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export const cookieOf = (answer: Answer): string => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';

/** For tests: speaks HTTP to a gateway and may lie where a real browser cannot, as fetch does not let a test do. */
export function createRoughBrowser(port: () => number) {
  const origin = (): string => `http://127.0.0.1:${port()}`;
  const to = (path: string, method: string, headers: OutgoingHttpHeaders) =>
    request({ host: '127.0.0.1', port: port(), path, method, agent: false, headers });

  function ask(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = to(path, options.method ?? 'GET', options.headers ?? {});
      asked.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      asked.on('error', reject);
      asked.end(options.body);
    });
  }

  function tryCode(code: string, headers: Record<string, string> = {}): Promise<Answer> {
    return ask('/pair', {
      method: 'POST',
      body: JSON.stringify({ code }),
      headers: { 'content-type': 'application/json', origin: origin(), ...headers },
    });
  }

  function openSocket(cookie: string, options: { autoPong?: boolean } = {}): Promise<WebSocket> {
    const url = `ws://127.0.0.1:${port()}/rpc`;
    const socket = new WebSocket(url, { headers: { cookie }, origin: origin(), ...options });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  /** Status of an upgrade request: 101 when the door opens. */
  function knock(options: { host?: string; cookie?: string; origin?: string; path?: string }): Promise<number> {
    const { path = '/rpc', ...headers } = options;
    return new Promise((resolve) => {
      const asked = to(path, 'GET', {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      });
      asked.on('upgrade', (_response, socket) => {
        socket.destroy();
        resolve(101);
      });
      asked.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', () => resolve(0));
      asked.end();
    });
  }

  function sendRaw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port(), '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('utf8').on('data', (part: string) => {
        answer += part;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  }

  return { origin, ask, tryCode, openSocket, knock, sendRaw };
}

// HTTP as bytes on a socket, for what no client would send.

import { connect } from 'node:net';

interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly problem: any;
}

/** Sends the first part, and each further one when the server has answered something; reads until the server closes. */
export async function exchange(port: number, ...parts: readonly (string | Buffer)[]): Promise<RawAnswer[]> {
  return answersIn(await sendRaw(port, ...parts));
}

/** All that the server sends until it closes the connection. */
export async function sendRaw(port: number, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const [first, ...rest] = parts;
  if (first !== undefined) socket.write(first);
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const next = rest.shift();
      if (next !== undefined) socket.write(next);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

/** A request whose last header closes the connection. */
export function requestText(
  start: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Buffer = '',
): Buffer {
  const bytes = Buffer.from(body);
  const length = bytes.length === 0 ? {} : { 'content-length': String(bytes.length) };
  const all = { host: 'localhost', ...length, connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${start} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}

/** Answers with `Content-Length`, or without a body. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n') + 4;
    const [line, ...lines] = rest.slice(0, end - 4).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((each) => [each.split(':', 1)[0]!.toLowerCase(), each.replace(/^.*?:\s*/, '')]),
    );
    const status = Number(line!.split(' ')[1]);
    const body = status < 200 ? '' : rest.slice(end, end + Number(headers['content-length'] ?? 0));
    const problem = /problem\+json/.test(headers['content-type'] ?? '') && body !== '' ? JSON.parse(body) : undefined;
    answers.push({ status, headers, body, problem });
    rest = rest.slice(end + body.length);
  }
  return answers;
}

// One HTTP/1.1 connection that stays open and has one request at a time, in as little code as that takes: a load generator must
// leave the cores to what it measures. It understands answers with a content-length only, which is what JSON APIs send.

import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export type Headers = Readonly<Record<string, string>>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const endOfHead = '\r\n\r\n';

export class HttpConnection implements Disposable {
  readonly #socket: Socket;
  /** Of every request. */
  readonly #headers: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;

  static async open(url: string, headers: Headers = {}): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new HttpConnection(socket, { host, ...headers });
  }

  private constructor(socket: Socket, headers: Headers) {
    this.#socket = socket;
    this.#headers = Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** `body`: JSON. Throws when the connection fails, and when a request is still waiting for its answer. */
  send(method: string, path: string, body?: string): Promise<Answer> {
    if (this.#waiting !== undefined) throw new Error('this connection already waits for an answer');
    const head = `${method} ${path} HTTP/1.1\r\n${this.#headers}`;
    const content = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${bytes(body)}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${head}${content}\r\n${body ?? ''}`);
    });
  }

  [Symbol.dispose](): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = parseAnswer(this.#received);
    if (answer === undefined) return;
    if (answer instanceof Error) return this.#fail(answer);
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
    this.#socket.destroy();
  }
}

/** Undefined while more bytes must come. Bytes behind the answer's end are none: there is one request at a time. */
export function parseAnswer(received: Buffer): Answer | Error | undefined {
  const end = received.indexOf(endOfHead);
  if (end === -1) return undefined;
  const head = received.toString('latin1', 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) return new Error(`an answer without content-length:\n${head}`);
  const from = end + endOfHead.length;
  const to = from + Number(length);
  if (received.length < to) return undefined;
  return { status: Number(head.slice(9, 12)), body: received.toString('utf8', from, to) };
}

const bytes = (text: string): number => Buffer.byteLength(text);

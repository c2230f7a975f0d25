// The provider of a bad day: a server in front of the Gemini stand-in that answers some calls itself, byte for byte as a test
// says, and records every call with its key.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../../../src/async/sleep.ts';
import type { Standin } from '../../../src/standin/standin.ts';

export interface Call {
  /** Arrival, ms since the epoch by a clock that never jumps. */
  readonly at: number;
  readonly key: string;
  readonly model: string;
  readonly prompt: string;
  /** How many earlier calls had the same prompt. */
  readonly earlier: number;
  /** The status of the answer as far as it was sent. */
  status: number | undefined;
}

/** An answer as it is sent; a body that is not text is sent as JSON. */
export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Sends one byte in so many ms, until the client gives up. */
  readonly dripEveryMs?: number;
  /** Cuts the connection after half of the body. */
  readonly cut?: boolean;
  /** Sends nothing until the client gives up. */
  readonly hang?: boolean;
}

/** The raw answer to a call; undefined passes the call on to the stand-in. */
export type Answers = (call: Call) => RawAnswer | undefined;

export interface BadProvider extends AsyncDisposable {
  readonly url: string;
  /** All generate calls, oldest first. */
  readonly calls: readonly Call[];
  answer: Answers;
}

/** The caller closes the stand-in. */
export async function startBadProvider(standin: Standin): Promise<BadProvider> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const provider: BadProvider = {
    url: await listen(server),
    calls,
    answer: () => undefined,
    [Symbol.asyncDispose]: () => close(server),
  };
  return provider;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.timeOrigin + performance.now();
    const body = await readBody(request);
    const isGenerate = request.method === 'POST';
    const call = callOf(request, body, { at, calls });
    if (isGenerate) calls.push(call);
    const raw = isGenerate ? provider.answer(call) : undefined;
    if (raw === undefined) await passOn(request, body, { response, to: standin.url });
    else await send(response, raw);
    call.status = response.statusCode;
  }
}

/** A server of another host: it counts the requests, and those that bring a key along. */
export interface ForeignHost extends AsyncDisposable {
  readonly url: string;
  requests(): number;
  withKey(): number;
}

export async function startForeignHost(): Promise<ForeignHost> {
  let requests = 0;
  let withKey = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (keyOf(request) !== '') withKey += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const url = await listen(server);
  return { url, requests: () => requests, withKey: () => withKey, [Symbol.asyncDispose]: () => close(server) };
}

async function send(response: ServerResponse, raw: RawAnswer): Promise<void> {
  if (raw.hang === true) return;
  const text = typeof raw.body === 'string' ? raw.body : JSON.stringify(raw.body);
  const bytes = Buffer.from(text);
  const length = { 'content-length': String(bytes.length) };
  response.writeHead(raw.status, { 'content-type': 'application/json; charset=UTF-8', ...length, ...raw.headers });
  if (raw.cut === true) return void response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  if (raw.dripEveryMs === undefined) return void response.end(bytes);
  for (const byte of bytes) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(raw.dripEveryMs);
  }
  response.end();
}

async function passOn(
  request: IncomingMessage,
  body: Buffer,
  { response, to }: { response: ServerResponse; to: string },
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answer = await fetch(`${to}${request.url ?? ''}`, {
    method: request.method ?? 'GET',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': keyOf(request) },
    signal: gone.signal,
    ...(body.length === 0 ? {} : { body }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
  response.end(bytes);
}

function callOf(request: IncomingMessage, body: Buffer, { at, calls }: { at: number; calls: readonly Call[] }): Call {
  const model = /models\/([^/:?]+)/.exec(request.url ?? '')?.[1] ?? '';
  const prompt = promptOf(body);
  const earlier = calls.filter((call) => call.prompt === prompt).length;
  return { at, key: keyOf(request), model, prompt, earlier, status: undefined };
}

/** The first text of the request; empty if there is none. */
function promptOf(body: Buffer): string {
  const text = /"text":("(?:[^"\\]|\\.)*")/.exec(body.toString())?.[1];
  return text === undefined ? '' : (JSON.parse(text) as string);
}

const keyOf = (request: IncomingMessage): string => String(request.headers['x-goog-api-key'] ?? '');

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

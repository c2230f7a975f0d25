// An installation as a client of another version sees it: a proxy in front of the API changes its answers. The next version has
// more fields, a state and a code that this version does not know; the one before it lacks a route and a field.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The parsed body; undefined for bytes. */
  readonly body: unknown;
}

/** What a client of this version gets instead; undefined: nothing changes. */
type Change = (exchange: Exchange) => { readonly status: number; readonly body: unknown } | undefined;

/** The URL of an installation whose answers `change` changes. Ends with the test. */
export async function otherVersion(url: string, change: Change): Promise<string> {
  const server = createServer((request, response) => {
    forward(url, request, response, change).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function forward(url: string, request: IncomingMessage, response: ServerResponse, change: Change): Promise<void> {
  const { method = 'GET', url: path = '/' } = request;
  const sent: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) sent.push(part);
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (!['host', 'connection', 'content-length', 'transfer-encoding'].includes(name)) headers.set(name, String(value));
  }
  const body = sent.length === 0 ? null : new Uint8Array(Buffer.concat(sent));
  const answer = await fetch(`${url}${path}`, { method, headers, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const isJson = /json/.test(answer.headers.get('content-type') ?? '') && !path.includes('/artifacts/');
  const parsed: unknown = isJson ? JSON.parse(bytes.toString()) : undefined;
  const changed = isJson ? change({ method, path, status: answer.status, body: parsed }) : undefined;
  const names = [...answer.headers].filter(([name]) => name !== 'content-length' && name !== 'connection');
  response.writeHead(changed?.status ?? answer.status, Object.fromEntries(names));
  response.end(changed === undefined ? bytes : JSON.stringify(changed.body));
}

type Fields = Record<string, unknown>;

/** Every object of every answer has a field more. */
export const moreFields: Change = ({ status, body }) => ({ status, body: withMore(body) });

function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Fields);
  return { ...Object.fromEntries(entries.map(([key, each]) => [key, withMore(each)])), addedLater: { a: [1] } };
}

/** An open job is in a state that only the next version has. */
export const newState: Change = ({ status, body }) => {
  const { state, finishedAt } = (body ?? {}) as Fields;
  if (state === undefined || finishedAt !== null) return undefined;
  return { status, body: { ...(body as Fields), state: 'paused' } };
};

/** A job that is not found has a code that only the next version has. */
export const newCode: Change = ({ status, body }) =>
  status === 404 ? { status, body: { ...(body as Fields), code: 'JobArchived' } } : undefined;

/** The version before has no explanations. */
export const missingRoute: Change = ({ method, path, body }) => {
  if (!path.endsWith('/explain')) return undefined;
  const detail = `There is no endpoint ${method} ${path}`;
  return {
    status: 404,
    body: {
      ...(body as Fields),
      type: 'about:blank',
      title: 'No endpoint',
      status: 404,
      code: 'RouteNotFound',
      detail,
      hint: 'Look up the path.',
      requestId: 'r',
    },
  };
};

/** The version before does not tell whether a job waits for a review. */
export const missingField: Change = ({ status, body }) => {
  const { awaitsReview, ...rest } = (body ?? {}) as Fields;
  return awaitsReview === undefined ? undefined : { status, body: rest };
};

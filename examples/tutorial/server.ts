// The server of the tutorial: it serves the page, submits jobs to Genwarden, and gives the page links to read them.

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { GenwardenClient, GenwardenError } from '../../src/client/index.ts'; // elsewhere: '@genwarden/client'

const genwarden = new GenwardenClient({ url: process.env['GENWARDEN_URL'] ?? 'http://127.0.0.1:8080' });
const styles = ['cottage garden', 'desert garden', 'wild meadow', 'rock garden', 'kitchen garden', 'moss garden'];

/** One job with a task for each style. This returns at once, although a picture may take minutes. */
async function submit({ prompt }: { prompt: string }): Promise<{ id: string }> {
  const tasks = styles.map((style) => ({ name: style, input: { prompt: `${prompt}, as a ${style}` } }));
  const { id } = await genwarden.submit({ kind: 'image', tasks, labels: { app: 'tutorial' } });
  return { id };
}

/** The calls of the page. Everything else it reads from Genwarden itself, by links that work for an hour. */
async function call(request: IncomingMessage): Promise<object | undefined> {
  const { method, url = '', headers } = request;
  // A page of another site cannot send JSON.
  if (method !== 'POST' || headers['content-type'] !== 'application/json') return undefined;
  const [, id, action] = /^\/jobs\/(\w+)\/(links|cancel)$/.exec(url) ?? [];
  if (action === 'links') return genwarden.links(id!, { expiresIn: '1h' });
  if (action === 'cancel') return genwarden.cancel(id!);
  return url === '/jobs' ? submit((await json(request)) as { prompt: string }) : undefined;
}

const types: Record<string, string> = { 'index.html': 'html', 'page.js': 'javascript', 'style.css': 'css' };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, type: string, body: string | Buffer) =>
    void response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
  const file = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
  const type = types[file];
  try {
    if (type !== undefined) return send(200, `text/${type}`, await readFile(new URL(file, import.meta.url)));
    const result = await call(request);
    send(result === undefined ? 404 : 200, 'application/json', JSON.stringify(result ?? { why: 'Not found.' }));
  } catch (error) {
    // Errors of the client say what happened and what to do.
    const why = error instanceof GenwardenError ? `${error.message}. ${error.hint}` : 'The server failed.';
    send(502, 'application/json', JSON.stringify({ why }));
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`Open http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

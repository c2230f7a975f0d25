// A receiver of webhooks on a free port: it verifies each request with the real library, and answers as the test says.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';
import type { WebhookEvent } from '../../src/client/index.ts';
import { newSecret } from '../../src/webhooks/index.ts';
import { tempFolder } from './tempFolder.ts';

export interface Received {
  readonly id: string;
  readonly path: string;
  readonly event: WebhookEvent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What was answered. */
  readonly status: number;
}

/** What to answer; `hang` answers never. */
export type Answer = number | 'hang' | { readonly status: number; readonly headers: Record<string, string> };

export interface TestReceiver {
  readonly url: string;
  /** Every request, in the order of arrival. */
  readonly received: readonly Received[];
  /** How many requests were open at the same time, at most. */
  mostAtOnce(): number;
  /** Requests whose signature did not verify. */
  readonly unverified: readonly string[];
}

/** Called with each verified event, how often its id came before, and the path of the request. */
type Answers = (event: WebhookEvent, before: number, path: string) => Answer;

/** Ends with the test. */
export async function startReceiver(secret: string, answer: Answers = () => 204): Promise<TestReceiver> {
  const receiver = await openReceiver(secret, answer);
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  return receiver;
}

/** Its owner disposes it. */
export async function openReceiver(secret: string, answer: Answers): Promise<TestReceiver & AsyncDisposable> {
  const received: Received[] = [];
  const unverified: string[] = [];
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { url, received, unverified, mostAtOnce: () => most, [Symbol.asyncDispose]: close };

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    open += 1;
    most = Math.max(most, open);
    response.on('close', () => (open -= 1));
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const headers = request.headers as Record<string, string>;
    const id = headers['webhook-id']!;
    let event: WebhookEvent;
    try {
      event = new Webhook(secret).verify(body, headers) as WebhookEvent;
    } catch (error) {
      unverified.push(String(error));
      response.writeHead(401).end();
      return;
    }
    const given = answer(event, received.filter((one) => one.id === id).length, request.url!);
    const { status, headers: more } = typeof given === 'object' ? given : { status: given, headers: {} };
    received.push({ id, path: request.url!, event, headers, body, status: status === 'hang' ? 0 : status });
    if (status !== 'hang') response.writeHead(status, more).end();
  }
}

export interface SecretsFile {
  readonly secret: string;
  readonly path: string;
}

/** A secrets file in a folder that ends with the test; the same secret for each tenant. */
export async function webhookSecrets(...tenants: readonly string[]): Promise<SecretsFile> {
  const secret = newSecret(randomBytes(32));
  const folder = await tempFolder('webhooks');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'webhook-secrets.json');
  await writeSecrets(path, tenants.length === 0 ? ['default'] : tenants, [secret]);
  return { secret, path };
}

export async function writeSecrets(
  path: string,
  tenants: readonly string[],
  secrets: readonly string[],
): Promise<void> {
  const createdAt = new Date().toISOString();
  const entries = tenants.flatMap((tenant) => secrets.map((secret) => ({ tenant, secret, createdAt })));
  await writeFile(path, JSON.stringify({ secrets: entries }));
}

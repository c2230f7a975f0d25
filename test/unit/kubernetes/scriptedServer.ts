// A scripted HTTP server in the place of the API server, and a client of it.
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { onTestFinished, vi } from 'vitest';
import { KubeClient, loadKubeconfig } from '../../../src/adapters/kubernetes/index.ts';
import { createOperatorMetrics } from '../../../src/telemetry/metrics.ts';
import { tempFolder } from '../../support/tempFolder.ts';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => unknown;

/** Answers the requests in order; the last answer also serves all later requests. */
export const serving = (...answers: Answer[]) => servingWithin(800, ...answers);

/** With a client that waits this long for an answer, ms. */
export async function servingWithin(timeoutMs: number, ...answers: Answer[]) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void record(request, response));
  const record = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url!, 'http://server');
    const one = {
      method: request.method!,
      url,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    asked.push(one);
    (answers[asked.length - 1] ?? answers.at(-1)!)(one, response, request);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { path: folder, remove } = await tempFolder();
  const token = join(folder, 'token');
  writeFileSync(token, 'first');
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('KUBECONFIG', kubeconfig(folder, `http://127.0.0.1:${port}`, token));
  const registry = new Registry();
  const cluster = new KubeClient({
    kubeconfig: await loadKubeconfig('InvalidConfiguration'),
    program: 'genwarden-operator',
    version: '1.2.3',
    requests: createOperatorMetrics(registry).kubeRequests,
    timeoutMs,
    pageSize: 2,
  });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    cluster.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await remove();
  });
  return { cluster, asked, server, token, registry };
}

function kubeconfig(folder: string, server: string, tokenFile: string): string {
  const file = join(folder, 'kubeconfig');
  const config = {
    'current-context': 'it',
    clusters: [{ name: 'it', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'it', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

export const json =
  (body: unknown, status = 200): Answer =>
  (_asked, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
export const failed = (code: number, reason: string, message: string): Answer =>
  json({ kind: 'Status', code, reason, message }, code);

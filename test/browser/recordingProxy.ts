// Stands between the browser and the API, and records what the API answers: a browser hides that from a page of another site.
// It serves pages too, as an attacker's server does before its host name is rebound to this machine.

import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { servePage } from './chromium.ts';

export interface RecordingProxy {
  /** Of the proxy, in the browser. */
  readonly port: number;
  /** Method where it is a preflight, status, and the code of a problem; oldest first. */
  readonly answers: readonly string[];
  /** Method, path without its query, and status of each answer; oldest first. */
  readonly requests: readonly string[];
}

/** Passes everything but `/page` on unchanged, the Host header too. Ends with the test. */
export async function recordingProxy(api: string): Promise<RecordingProxy> {
  const answers: string[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: path = '', rawHeaders: headers } = request;
    if (path === '/page') {
      servePage(response);
      return;
    }
    const passed = send(new URL(path, api), { method, headers }, (answer) => {
      const { statusCode = 0, headers: answered } = answer;
      requests.push(`${method} ${path.split('?', 1)[0]} ${statusCode}`);
      const preflight = method === 'OPTIONS' ? 'preflight ' : '';
      const record = (code = ''): unknown => answers.push(`${preflight}${statusCode} ${code}`.trim());
      response.writeHead(statusCode, answer.rawHeaders);
      if (/problem\+json/.test(answered['content-type'] ?? '')) {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => record((JSON.parse(text) as { code: string }).code));
      } else record();
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, answers, requests };
}

// Chromium for one test, in which foreign host names lead to this machine, and the pages of other sites that it visits.

import { accessSync, constants } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Ends with the test. `hosts` resolve to 127.0.0.1. */
export async function openChromium(hosts: readonly string[]): Promise<Browser> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(', ');
  const browser = await launchChromium([`--host-resolver-rules=${rules}`]);
  onTestFinished(() => browser.close());
  return browser;
}

/** Its owner closes it. */
export function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    // The sandbox needs user namespaces, and shared memory more than the 64 MB that containers usually have. The tests open
    // only their own pages.
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...flags],
  });
}

function chromiumPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  const found = paths.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error('Chromium is not on PATH: hack/install-chromium.sh installs it');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function servePage(response: ServerResponse, body = ''): void {
  // An icon would be one more request.
  const head = '<!doctype html><title>a page</title><link rel="icon" href="data:,">';
  response.writeHead(200, { 'content-type': 'text/html' }).end(head + body);
}

/** Serves an empty page under every host name; its port. A path of `/frame` holds a sandboxed page, whose origin is `null`. */
export async function servePages(): Promise<number> {
  const server = createServer((request, response) => {
    servePage(
      response,
      request.url === '/frame' ? '<iframe sandbox="allow-scripts allow-forms" src="/"></iframe>' : '',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

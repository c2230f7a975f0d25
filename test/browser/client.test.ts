// The published client in a real browser, as modules without a bundler, from a page of another origin that the API knows.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type * as Client from '../../src/client/index.ts';
import { installedClient } from '../clients/typescript/packed.ts';
import { startInstallation } from '../support/installation.ts';
import { openChromium, servePages } from './chromium.ts';

it('a page submits, watches, downloads and uploads with the published client', async () => {
  const installed = await installedClient();
  onTestFinished(() => installed[Symbol.asyncDispose]());
  const pages = await servePages();
  // A host name that is not localhost: a browser gives this page no Web Cryptography.
  const origin = `http://app.example:${pages}`;
  const { url } = await startInstallation({ env: { GENWARDEN_CORS_ORIGINS: origin } });
  const browser = await openChromium(['app.example']);
  const page = await browser.newPage();
  await page.route('**/client/**', async (route) => {
    const path = new URL(route.request().url()).pathname.replace('/client/', '');
    const body = await readFile(join(installed.project, 'node_modules/@genwarden/client/dist', path));
    await route.fulfill({ body, contentType: 'text/javascript' });
  });
  await page.goto(`${origin}/`);
  await page.addScriptTag({
    type: 'module',
    content: `import * as it from '/client/index.js'; globalThis.genwarden = it;`,
  });
  await page.waitForFunction(() => 'genwarden' in globalThis);
  const shown = await page.evaluate(useClient, url);
  expect(shown).toEqual({
    secure: false,
    tasks: 2,
    types: ['image/png', 'image/png'],
    uploaded: 'image/png',
    state: 'succeeded',
    text: true,
    refused: 'JobNotFound',
    unreachable: { code: 'NoAnswer', mayHaveApplied: true },
  });
});

/** Runs in the page. */
async function useClient(url: string): Promise<object> {
  const { genwarden } = globalThis as unknown as { genwarden: typeof Client };
  const { GenwardenClient, GenwardenApiError, GenwardenConnectionError } = genwarden;
  const client = new GenwardenClient({ url });
  const { id } = await client.submit({
    kind: 'image',
    input: { prompt: 'a yard' },
    tasks: [{ name: 'a' }, { name: 'b' }],
  });
  const tasks: (string | null)[] = [];
  const types: string[] = [];
  let image = new Uint8Array();
  for await (const { task, artifacts } of client.watch(id)) {
    tasks.push(task.name);
    const download = await client.download(id, task.index, artifacts[0]!);
    types.push(download.mediaType);
    image = new Uint8Array(await new Response(download.body).arrayBuffer());
  }
  const uploaded = await client.uploadReference(new Blob([image]), 'image/png');
  const story = await client.submit({ kind: 'text', input: { prompt: 'a story' } });
  let text = '';
  for await (const piece of client.text(story.id)) text = text.slice(0, piece.offset) + piece.text;
  const refused = await client
    .get('01nothere')
    .catch((error: unknown) => (error instanceof GenwardenApiError ? error.code : error));
  const nowhere = new GenwardenClient({ url: 'http://app.example:9', giveUpAfterMs: 0 });
  const unreachable = await nowhere
    .cancel('j')
    .catch((error: unknown) =>
      error instanceof GenwardenConnectionError ? { code: error.code, mayHaveApplied: error.mayHaveApplied } : error,
    );
  return {
    secure: (globalThis as unknown as { isSecureContext: boolean }).isSecureContext,
    tasks: new Set(tasks).size,
    types,
    uploaded: uploaded.mediaType,
    state: (await client.wait(id)).state,
    text: text === (await client.output(story.id)),
    refused,
    unreachable,
  };
}

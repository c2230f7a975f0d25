// The application of docs/tutorial.md in a real browser: pictures appear as they arrive, and the page survives a reload, restarts of
// its server and of Genwarden, failures and a cancel. UPDATE_DOCS=1 writes the screenshot of the tutorial.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startWorld, type FaultWorld } from '../faults/support/world.ts';
import { freePort } from '../support/freePorts.ts';
import { startProcess, type TestProcess } from '../support/process.ts';
import { openChromium } from './chromium.ts';

const program = fileURLToPath(new URL('../../examples/tutorial/server.ts', import.meta.url));
const screenshot = fileURLToPath(new URL('../../docs/images/tutorial.png', import.meta.url));

interface Tutorial {
  readonly world: FaultWorld;
  readonly page: Page;
  readonly address: string;
  /** Starts the server of the page. */
  serve(): Promise<TestProcess>;
  /** Waits for the text in the status line. */
  says(text: RegExp): Promise<void>;
  /** Starts a job from the page. */
  draw(prompt: string): Promise<void>;
}

async function startTutorial(): Promise<Tutorial> {
  const port = String(await freePort());
  const address = `http://127.0.0.1:${port}`;
  const world = await startWorld({ env: { GENWARDEN_CORS_ORIGINS: address, GENWARDEN_CONCURRENCY: '4' } });
  const env = { GENWARDEN_URL: world.url, PORT: port };
  const serve = (): Promise<TestProcess> => startProcess(process.execPath, [program], { env, readyWhen: /^Open http/ });
  const browser = await openChromium([]);
  const page = await browser.newPage({ viewport: { width: 880, height: 740 } });
  page.setDefaultTimeout(60_000);
  const says = (text: RegExp): Promise<void> => seen(page.locator('#status'), text);
  const draw = async (prompt: string): Promise<void> => {
    await page.locator('input').fill(prompt);
    await page.locator('button', { hasText: 'Draw' }).click();
  };
  return { world, page, address, serve, says, draw };
}

const seen = (place: Locator, text: RegExp): Promise<void> => place.filter({ hasText: text }).first().waitFor();

/** Waits until the page shows so many pictures, of which each pixel has arrived. */
async function pictures(page: Page, count: number): Promise<void> {
  const counted = '[...document.images].filter((image) => image.complete && image.naturalWidth > 0).length';
  await page.waitForFunction(`${counted} === ${count}`);
}

it('shows pictures as they arrive, and survives a reload and restarts of its server and of Genwarden', async () => {
  const { world, page, address, serve, says, draw } = await startTutorial();
  const { standin, client, first } = world;
  const server = await serve();
  standin.behave({ kind: 'image' });
  // Two of the six pictures are held back.
  standin.script([
    { kind: 'image', times: 4 },
    { kind: 'hang', times: 2 },
  ]);
  await page.goto(address);
  await draw('a front yard with a red door');
  await says(/^Drawing: 4 of 6 pictures are done/);
  await pictures(page, 4);
  await page.reload();
  await pictures(page, 4);
  await saveScreenshot(page);

  await server.stop();
  first.api.kill('SIGKILL');
  await first.api.exited;
  await says(/^Genwarden does not answer\. The job is safe/);
  await Promise.all([world.start('api'), serve()]);
  await says(/^Drawing: 4 of 6 pictures are done/);

  first.worker.kill('SIGKILL');
  await first.worker.exited;
  await says(/Waiting: No worker serves pool default/);
  await world.start('worker');
  await says(/^Finished: 6 of 6 pictures are done\.$/);
  await pictures(page, 6);
  const id = new URL(page.url()).hash.slice(1);
  expect(await client.get(id)).toMatchObject({ state: 'succeeded', labels: { app: 'tutorial' } });
  await page.reload();
  await pictures(page, 6);
});

it('says why pictures fail, and cancels', async () => {
  const { world, page, address, serve, says, draw } = await startTutorial();
  const { standin, client } = world;
  await serve();
  await page.goto(address);
  await draw('a front yard [standin: refuse-output IMAGE_SAFETY]');
  await says(/^Finished: 0 of 6 pictures are done, 6 failed\.$/);
  await seen(page.locator('figure'), /moss garden failed: The provider withheld the output.*Change the prompt/);

  standin.script([
    { kind: 'image', bytes: 'small' },
    { kind: 'hang', times: 20 },
  ]);
  await draw('another front yard');
  await says(/^Drawing: 1 of 6 pictures/);
  await page.locator('#cancel').click();
  await says(/^Finished: 1 of 6 pictures are done\.$/);
  await seen(page.locator('figure'), /moss garden cancelled/);
  const id = new URL(page.url()).hash.slice(1);
  expect((await client.get(id)).progress).toMatchObject({ succeeded: 1, cancelled: 5 });

  await page.goto(`${address}/#00000000000000000000000000`);
  await says(/There is no job/);
});

/** With UPDATE_DOCS=1 it is the picture of the tutorial, as small as a palette makes it. */
async function saveScreenshot(page: Page): Promise<void> {
  const png = await sharp(await page.screenshot())
    .png({ palette: true, colours: 96, effort: 10 })
    .toBuffer();
  expect(png.length).toBeLessThan(150_000);
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(screenshot, png);
}

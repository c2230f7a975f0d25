// Signed links through real processes: every API of the installation accepts them, and they outlive the API that made them.

import { expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

const addressOf = (lines: readonly string[]): string => /API on (http:\S+?)["\s]/.exec(lines.join('\n'))![1]!;

test('a link of one API works at another one, also after the first has stopped', { timeout: 180_000 }, async () => {
  const { start, url: second } = await startInstallation();
  const first = await start('api');
  const client = new GenwardenClient({ url: addressOf(first.lines) });
  const { id } = await client.submit(anImage('a yard'));
  await client.wait(id);
  const links = await client.links(id, { expiresIn: '10m' });
  expect(new URL(links.job).origin).toBe(addressOf(first.lines));
  // The second one has not made or seen a key yet.
  const [mine, other] = await Promise.all([new GenwardenClient({ url: second }).links(id), client.links(id)]);
  const keyOf = (url: string): string => new URL(url).searchParams.get('link')!.split('.')[0]!;
  expect([keyOf(mine.job), keyOf(other.job)]).toEqual([keyOf(links.job), keyOf(links.job)]);
  await first.stop();
  const elsewhere = (href: string): string => href.replace(new URL(href).origin, second);
  const stream = await EventStreamReader.open(elsewhere(links.events));
  await until(() => stream.ended, { what: 'the end of the stream' });
  expect(stream.received.map(({ event }) => event)).toEqual(['snapshot', 'job']);
  const [image] = stream.received[0]!.data.tasks[0].artifacts as { href: string; bytes: number }[];
  expect(new URL(image!.href).origin).toBe(second);
  expect((await (await fetch(image!.href)).bytes()).length).toBe(image!.bytes);
  expect(links.artifacts.map(({ artifact }) => artifact)).toEqual(['image', 'thumbnail', 'metadata']);
  for (const { href, mediaType } of links.artifacts) {
    const { status, headers } = await fetch(elsewhere(href));
    expect([status, headers.get('content-type')]).toEqual([200, mediaType]);
  }
});

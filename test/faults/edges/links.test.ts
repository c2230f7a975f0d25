// Signed links under attack: tampered with, expired, their clients vanish, and the API is killed. Others notice nothing.

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { mapLimit } from '../../../src/async/mapLimit.ts';
import type { JobLinks } from '../../../src/client/index.ts';
import type { TestProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';
import { aJob, keepSubmitting } from '../support/load.ts';
import { startWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const vanishing = 60;

it('links that were tampered with are refused, clients that vanish leave nothing, and links outlive the API', async () => {
  const world = await startWorld();
  const { client } = world;
  const { id } = await client.submit(aJob({ tasks: 2, policy: { review: 'always' } }));
  await client.wait(id);
  const links = await client.links(id);
  const load = keepSubmitting(world, { intervalMs: 50 });
  await until(() => load.jobs.length >= 5, { what: 'the load' });

  const forged = [...forgeries(links.job), ...forgeries(links.events), ...forgeries(links.artifacts[0]!.href)];
  const refusals = await mapLimit(20, forged, answerOf);
  await vanish(links.events);
  await until(async () => (await streamsOf(world.first.api)) === watching, { what: 'the streams to be gone' });

  world.first.api.kill('SIGKILL');
  await world.first.api.exited;
  const killedAt = performance.now();
  const second = await world.start('api');
  const picture = await until(() => read(links.artifacts[0]!.href), {
    what: 'the picture by its link',
    timeoutMs: 30_000,
  });
  const recoveredAfterMs = Math.round(performance.now() - killedAt);

  const brief = await client.links(id, { expiresIn: '1s' });
  await until(async () => (await answerOf(brief.job)) === '403 LinkExpired', { what: 'the link to expire' });
  const before = load.jobs.length;
  await until(() => load.jobs.length >= before + 5, { what: 'load after it' });
  const jobs = await load.stop();
  const ended = await Promise.all(jobs.map((job) => client.wait(job)));
  for (const task of [0, 1]) await client.review(id, task, { run: 1, decision: 'approve' });
  const wrong = ended.filter(({ state }) => state !== 'succeeded').length;
  addEdgeRow({
    fault: `${forged.length} forged links, ${vanishing} clients that vanish, and the API killed`,
    ...(await outcomesOf(client, [id, ...jobs])),
    innocentsHarmed: wrong,
    recoveredAfterMs,
  });

  expect(new Set(refusals)).toEqual(new Set(['403 LinkInvalid']));
  const { digest } = (await client.get(id)).tasks![0]!.artifacts[0]!;
  expect(`sha256:${createHash('sha256').update(picture).digest('hex')}`).toBe(digest);
  expect(wrong).toBe(0);
  expect(signaturesIn([world.first.api, second], [links, brief])).toEqual([]);
});

/** One character of the signature, the expiry, the key or the tenant differs, or the link is of another job. */
function forgeries(url: string): string[] {
  const at = url.indexOf('link=') + 5;
  const changed = Array.from({ length: url.length - at }, (_, index) => {
    const place = at + index;
    return url.slice(0, place) + (url[place] === '0' ? '1' : '0') + url.slice(place + 1);
  });
  return [...changed, url.replace(/jobs\/\w{26}/, `jobs/${'0'.repeat(26)}`), url.slice(0, -1), `${url}&link=x`];
}

async function answerOf(url: string): Promise<string> {
  const answer = await fetch(url);
  const { code } = (await answer.json()) as { code?: string };
  return `${answer.status} ${code ?? ''}`.trim();
}

async function read(url: string): Promise<Uint8Array | undefined> {
  const answer = await fetch(url).catch(() => undefined);
  return answer?.ok === true ? answer.bytes() : undefined;
}

/** Opens streams by the link, and cuts their connections without a word once each has begun. */
async function vanish(events: string): Promise<void> {
  const stop = new AbortController();
  const streams = await Promise.all(
    Array.from({ length: vanishing }, async () => {
      const { status, body } = await fetch(events, { signal: stop.signal });
      await body!.getReader().read();
      return status;
    }),
  );
  stop.abort();
  expect(new Set(streams)).toEqual(new Set([200]));
}

/** The stream of the world's own watcher. */
const watching = 1;

async function streamsOf({ lines }: TestProcess): Promise<number> {
  const url = /metrics on (http:\S+\/metrics)/.exec(lines.join('\n'))![1]!;
  const text = await (await fetch(url)).text();
  return Number(/^genwarden_event_streams(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1]);
}

/** Lines of the logs with a signature. */
function signaturesIn(apis: readonly TestProcess[], links: readonly JobLinks[]): string[] {
  const secrets = links.map(({ job }) => new URL(job).searchParams.get('link')!);
  const isTold = (line: string): boolean => line.includes('link=') || secrets.some((secret) => line.includes(secret));
  return apis.flatMap(({ lines }) => lines.filter(isTold));
}

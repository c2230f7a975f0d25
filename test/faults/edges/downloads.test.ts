// Many downloads at once: all are whole, and no other client notices.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { percentiles } from '../../../bench/measure.ts';
import type { TestProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';
import { downloadAtOnce } from '../support/downloader.ts';
import { aLargeArtifact, aReaderThatLeaves, aSlowReader, callsUntil, type Calls } from '../support/downloads.ts';
import { startWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const many = 300;

it('300 clients download 4 MiB at once, beside a slow one, some that leave, and a stream of submits', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 10 } });
  const artifact = await aLargeArtifact(world);
  const quiet = await callsUntil(new Promise((resolve) => setTimeout(resolve, 2_000)), world, artifact);
  const slow = await aSlowReader(artifact);
  const downloading = downloadAtOnce(artifact.url, many, artifact.etag);
  const leaving = Array.from({ length: 20 }, () => aReaderThatLeaves(artifact));
  const busy = await callsUntil(Promise.all([downloading, ...leaving]), world, artifact);
  const downloads = await downloading;
  expect(downloads.failures).toEqual([]);
  expect(downloads.whole).toBe(many);
  expect(await slow.finish()).toBe(artifact.etag);
  expect([...quiet.wrong, ...busy.wrong]).toEqual([]);
  expect(world.nats.log).not.toContain('Slow Consumer');
  await until(async () => (await underWay(world.first.api)) === '0 0', { what: 'those who left to hold nothing' });
  const ended = await Promise.all([...quiet.jobs, ...busy.jobs].map((id) => world.client.wait(id)));
  expect(ended.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  console.log(
    `${many} downloads: ${downloads.whole} whole in ${downloads.tookMs} ms; api at most ${peakMemory(world.first.api.pid)} MB\n` +
      `others without: ${told(quiet)}\nothers beside:  ${told(busy)}`,
  );
  const outcomes = await outcomesOf(
    world.client,
    ended.map(({ id }) => id),
  );
  addEdgeRow({
    fault: `${many} downloads of 4 MiB at once`,
    ...outcomes,
    lost: many - downloads.whole + outcomes.lost,
    innocentsHarmed: busy.wrong.length,
    recoveredAfterMs: undefined,
  });
});

it('14 references of 3 MB each in four slots at once are read without harm to anybody', async () => {
  const world = await startWorld({
    behaviour: { kind: 'image', bytes: 'small', latencyMs: 10 },
    env: { GENWARDEN_CONCURRENCY: '4' },
  });
  const references = await Promise.all(
    Array.from({ length: 14 }, async () => {
      const raw = { width: 1_000, height: 1_000, channels: 3 } as const;
      const noise = sharp(randomBytes(3_000_000), { raw }).png({ compressionLevel: 0 });
      return world.client.uploadReference(await noise.toBuffer(), 'image/png');
    }),
  );
  const tasks = Array.from({ length: 4 }, (_, index) => ({ input: { prompt: `collage ${index}` } }));
  const input = { references: references.map(({ artifact }) => ({ artifact })) };
  const { id } = await world.client.submit({ kind: 'image', model: 'gemini-3-pro-image', input, tasks });
  const beside = await world.client.submit({ kind: 'image', input: { prompt: 'a yard' } });
  const done = await world.client.wait(id);
  const innocent = await world.client.wait(beside.id);
  expect(done.tasks!.map(({ state, attempt }) => [state, attempt])).toEqual(tasks.map(() => ['succeeded', 1]));
  expect(innocent.state).toBe('succeeded');
  expect(world.nats.log).not.toContain('Slow Consumer');
  addEdgeRow({
    fault: '14 references of 3 MB in each of four slots',
    ...(await outcomesOf(world.client, [id, beside.id])),
    innocentsHarmed: innocent.state === 'succeeded' ? 0 : 1,
    recoveredAfterMs: undefined,
  });
});

const told = ({ took }: Calls): string =>
  Object.entries(took)
    .map(([name, times]) => {
      const { p50, p99 } = percentiles(times);
      return `${name} p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms (${times.length})`;
    })
    .join(', ');

/** Bytes from NATS that are under way to this API, and the transfers that wait. */
async function underWay(api: TestProcess): Promise<string> {
  const url = /metrics on (http:\S+\/metrics)/.exec(api.lines.join('\n'))![1]!;
  const text = await (await fetch(url)).text();
  const valueOf = (name: string): string =>
    new RegExp(`^genwarden_artifact_${name}\\{direction="read"\\} (\\d+)$`, 'm').exec(text)![1]!;
  return `${valueOf('bytes_under_way')} ${valueOf('transfers_waiting')}`;
}

/** MB. */
const peakMemory = (pid: number): number =>
  Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);

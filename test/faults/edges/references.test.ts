// References of every broken kind, many at once, beside large photographs and innocent submits: each broken one is refused with its
// name and cause, and the api stays up.

import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { percentiles } from '../../../bench/measure.ts';
import { sleep } from '../../../src/async/sleep.ts';
import { mapLimit } from '../../../src/async/mapLimit.ts';
import { GenwardenApiError, type SubmitRequest } from '../../../src/client/index.ts';
import { brokenPictures, foreignPictures, photo, validPictures, withOrientation } from '../../support/pictures.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

it('references of every broken kind are refused by name, while others upload and submit', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 10 } });
  const hostile = await hostileRequests();
  const photographs = await largePhotographs(20);
  const jobs: string[] = [];
  const quiet = await innocentsUntil(sleep(2_000), world, jobs);
  await lagOf(world);
  const attack = Promise.all([
    mapLimit(24, [...hostile, ...hostile, ...hostile], (send) => send(world)),
    Promise.all(Array.from({ length: 10 }, () => abandonedUpload(world))),
  ]);
  const uploads = Promise.all(photographs.map((bytes) => world.client.uploadReference(bytes, 'image/jpeg')));
  const beside = await innocentsUntil(Promise.all([attack, uploads]), world, jobs);
  const lag = await lagOf(world);
  const [refusals] = await attack;
  expect(refusals.filter((problem) => problem !== undefined)).toEqual([]);
  expect((await uploads).map(({ mediaType }) => mediaType)).toEqual(photographs.map(() => 'image/jpeg'));
  expect([...quiet.wrong, ...beside.wrong]).toEqual([]);
  const ended = await Promise.all(jobs.map((id) => world.client.wait(id)));
  expect(ended.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  // Decoding all of them takes several seconds of computing.
  expect(lag.max).toBeLessThan(2_000);
  const { api } = world.first;
  console.log(
    `${refusals.length} broken references refused, ${photographs.length} uploads of 12 megapixels beside them\n` +
      `innocent submits: without ${told(quiet.took)}, beside ${told(beside.took)}\n` +
      `event loop of the api: p99 ${lag.p99.toFixed(0)} ms, at most ${lag.max.toFixed(0)} ms; memory at most ${peakMemory(api.pid)} MB`,
  );
  addEdgeRow({
    fault: `${refusals.length} broken references, 20 photographs of 12 megapixels`,
    ...(await outcomesOf(world.client, jobs)),
    innocentsHarmed: beside.wrong.length,
    recoveredAfterMs: undefined,
  });
});

/** Resolves to what was wrong with the answer, or undefined. */
type Send = (world: FaultWorld) => Promise<string | undefined>;

async function hostileRequests(): Promise<readonly Send[]> {
  const broken = Object.entries(await brokenPictures());
  const foreign = Object.entries(await foreignPictures()).map(
    ([name, { bytes, says }]) => [name, { bytes, says, mediaType: 'image/jpeg' as const }] as const,
  );
  const good = (await validPictures())['a PNG']!;
  const inlineGood = { mediaType: good.mediaType, data: good.bytes.toString('base64') };
  return [...broken, ...foreign].flatMap(([name, { bytes, mediaType, says }]): Send[] => {
    const inline = { mediaType, data: bytes.toString('base64') };
    const body: SubmitRequest = {
      kind: 'image',
      input: { prompt: name },
      tasks: [{}, {}, {}, { input: { references: [inlineGood, inline] } }],
    };
    const place = 'tasks[3].input.references[1]';
    const upload: Send = ({ client }) => refusalOf(name, client.uploadReference(bytes, mediaType), 'The body', says);
    const submit: Send = ({ client }) => refusalOf(name, client.submit(body), place, says);
    return bytes.length === 0 ? [upload] : [upload, submit];
  });
}

async function refusalOf(
  name: string,
  request: Promise<unknown>,
  place: string,
  says: RegExp,
): Promise<string | undefined> {
  try {
    await request;
    return `${name}: accepted`;
  } catch (error) {
    if (!(error instanceof GenwardenApiError)) return `${name}: ${String(error)}`;
    const { status, code, detail } = error;
    const isRight = status === 422 && code === 'InvalidImage' && detail.startsWith(place) && says.test(detail);
    return isRight ? undefined : `${name}: ${status} ${code} ${detail}`;
  }
}

/** Different bytes of 12 megapixels each; every second one must be turned. */
async function largePhotographs(count: number): Promise<readonly Buffer[]> {
  const large = await sharp(photo).resize(4_032, 3_024).jpeg({ quality: 85 }).toBuffer();
  return Array.from({ length: count }, (_, at) => {
    const own = Buffer.concat([large, Buffer.from(`photograph ${at}`)]);
    return at % 2 === 0 ? own : withOrientation(own, 6);
  });
}

/** Promises ten megabytes, sends some, and leaves. */
async function abandonedUpload({ url }: FaultWorld): Promise<void> {
  const leave = new AbortController();
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(photo);
      setImmediate(() => leave.abort());
    },
  });
  const headers = { 'content-type': 'image/jpeg' };
  const request = { method: 'POST', headers, body, duplex: 'half', signal: leave.signal } as const;
  await fetch(`${url}/v1/artifacts`, request).catch(() => undefined);
}

/** Submits a job with a reference every 20 ms in two loops until `over` settles. */
async function innocentsUntil(over: Promise<unknown>, { client }: FaultWorld, jobs: string[]) {
  let isOver = false;
  const end = (): void => void (isOver = true);
  over.then(end, end);
  const took: number[] = [];
  const wrong: string[] = [];
  const references = [{ mediaType: 'image/jpeg' as const, data: photo.toString('base64') }];
  const loop = async (): Promise<void> => {
    while (!isOver) {
      const startedAt = performance.now();
      try {
        jobs.push((await client.submit({ kind: 'image', input: { prompt: 'a yard', references } })).id);
      } catch (error) {
        wrong.push((error as Error).message);
      }
      took.push(performance.now() - startedAt);
      await sleep(20);
    }
  };
  await Promise.all([loop(), loop()]);
  return { took: took.toSorted((one, other) => one - other), wrong };
}

/** Of the api since the last call, ms. */
async function lagOf({ first }: FaultWorld): Promise<{ p99: number; max: number }> {
  const url = /metrics on (http:[^"\s]+)/.exec(first.api.lines.join('\n'))![1]!;
  const page = await (await fetch(url)).text();
  const ms = (name: string): number => 1_000 * Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)![1]);
  return { p99: ms('nodejs_eventloop_lag_p99_seconds'), max: ms('nodejs_eventloop_lag_max_seconds') };
}

function told(took: readonly number[]): string {
  const { p50, p99 } = percentiles(took);
  return `p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms (${took.length})`;
}

/** MB. */
const peakMemory = (pid: number): number =>
  Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);

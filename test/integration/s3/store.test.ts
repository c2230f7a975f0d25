// Artifacts on a real S3 server: paths, runs and attempts of one task, parts, links, retention and the sweep.

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobIdFrom } from '../../../src/job/ids.ts';
import type { Place, Swept } from '../../../src/ports/artifactStore.ts';
import { s3Store } from '../../conformance/ports.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { startS3Server, type S3Server } from '../../support/s3Server.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

const hour = 3_600_000;

function open() {
  const clock = virtualClock(Date.now());
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const store = s3Store(server, { prefix, clock });
  const place = (over: Partial<Place> = {}): Place => ({
    job: jobIdFrom(randomBytes(32)),
    task: 3,
    name: 'image',
    labels: { project: 'p42' },
    expiresAt: clock.now() + hour,
    ...over,
  });
  const files = (...folder: string[]): string[] => {
    const path = join(server.folder, server.bucket, ...folder);
    return existsSync(path)
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((it) => it.isFile())
          .map(({ name }) => name)
      : [];
  };
  const stored = (path: string): boolean => existsSync(join(server.folder, server.bucket, path));
  /** Until a round is finished. */
  const sweep = async (): Promise<Swept['deleted']> => {
    const all: Record<string, number> = {};
    for (;;) {
      const { deleted, finished } = await store.sweep!();
      for (const [what, count] of Object.entries(deleted)) all[what] = (all[what] ?? 0) + count;
      if (finished) return all;
    }
  };
  return { clock, store, prefix, place, files, stored, sweep };
}

test('a result is at the path of the template; the same bytes of another attempt are not stored twice', async () => {
  const { store, prefix, place, files, stored } = open();
  const at = place();
  const bytes = randomBytes(1_000);
  const first = await store.put('acme', bytes, 'image/png', { place: at });
  expect(first.path).toBe(`${prefix}/acme/p42/${at.job}/3-image.png`);
  expect(stored(first.path!)).toBe(true);
  expect(await store.put('acme', bytes, 'image/png', { place: at })).toEqual(first);
  expect(files(prefix)).toHaveLength(1);
});

test('other bytes for the same task, of another run or a lost attempt, are stored beside the first', async () => {
  const { store, place, stored, files, prefix } = open();
  const at = place();
  const all = Array.from({ length: 8 }, () => randomBytes(1_000));
  const put = await Promise.all(all.map((bytes) => store.put('acme', bytes, 'image/png', { place: at })));
  expect(new Set(put.map(({ path }) => path)).size).toBe(8);
  for (const [index, { digest, path }] of put.entries()) {
    expect(stored(path!)).toBe(true);
    const back = await (await store.stream('acme', digest, undefined, path))!.toArray();
    expect(Buffer.compare(Buffer.concat(back as Buffer[]), all[index]!)).toBe(0);
  }
  // One entry each: none leads to the bytes of another.
  expect(files(`_${prefix}`, 'entries')).toHaveLength(8);
  await store.delete('acme', put[0]!.digest, { job: at.job, path: put[0]!.path });
  expect(put.map(({ path }) => stored(path!))).toEqual([false, ...Array.from({ length: 7 }, () => true)]);
});

test('large bytes are sent in parts, and an aborted upload leaves nothing', async () => {
  const { store, place, prefix, files } = open();
  const bytes = randomBytes(20 * 1024 * 1024);
  const { digest, path } = await store.put('acme', bytes, 'image/png', { place: place() });
  expect(Buffer.compare((await store.read('acme', digest))!, bytes)).toBe(0);
  expect(files(`_${prefix}`, 'uploads')).toEqual([]);
  const gone = new AbortController();
  const other = place({ name: 'image-2' });
  const aborted = store.put('acme', randomBytes(40 * 1024 * 1024), 'image/png', { place: other, signal: gone.signal });
  gone.abort(new Error('no longer needed'));
  await expect(aborted).rejects.toThrow('no longer needed');
  expect(await store.find('acme', digest, path)).toBeDefined();
  expect(files(prefix)).toHaveLength(1);
});

test('a link serves the artifact to a client without credentials, with its type and disposition', async () => {
  const { store, place } = open();
  const bytes = randomBytes(1_000);
  const { digest, path } = await store.put('acme', bytes, 'image/png', { place: place() });
  const about = { tenant: 'acme', digest, path, mediaType: 'image/png', disposition: 'inline; filename="image.png"' };
  const link = (await store.link!({ ...about, expiresInMs: 60_000 }))!;
  const response = await fetch(link);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('content-disposition')).toBe('inline; filename="image.png"');
  expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0);
  expect((await fetch(link.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=600'))).status).toBe(403);
  expect(await store.link!({ ...about, tenant: 'other', path: undefined, expiresInMs: 60_000 })).toBeUndefined();
});

test('the sweep deletes what has expired and keeps all that an unexpired job uses', async () => {
  const { clock, store, place, stored, sweep, prefix, files } = open();
  const old = await store.put('acme', randomBytes(1_000), 'image/png', { place: place() });
  const long = await store.put('acme', randomBytes(1_000), 'image/png', {
    place: place({ expiresAt: clock.now() + 9 * hour }),
  });
  const upload = await store.put('acme', randomBytes(1_000), 'image/png');
  const renewed = await store.put('acme', randomBytes(1_000), 'image/png');
  expect(await sweep()).toEqual({ results: 0, references: 0, uploads: 0 });
  clock.skip(1.5 * hour);
  // The job is over, and its artifacts have half an hour left.
  expect(await sweep()).toEqual({ results: 0, references: 0, uploads: 0 });
  expect(await store.keep('acme', renewed.digest, clock.now() + hour)).toBeDefined();
  clock.skip(2 * hour);
  const fresh = await store.put('acme', randomBytes(1_000), 'image/png', { place: place() });
  expect(await sweep()).toEqual({ results: 1, references: 1, uploads: 0 });
  expect([old, long, fresh].map(({ path }) => stored(path!))).toEqual([false, true, true]);
  expect(await store.find('acme', upload.digest)).toBeUndefined();
  expect(await store.read('acme', renewed.digest)).toBeDefined();
  expect(files(`_${prefix}`, 'entries')).toHaveLength(2);
  // At rest until the next round.
  expect(await store.sweep!()).toEqual({ deleted: {}, finished: false });
});

test('a reference that is over cannot be kept, so that the sweep never deletes one that a job was accepted with', async () => {
  const { clock, store } = open();
  const { digest } = await store.put('acme', randomBytes(1_000), 'image/png');
  clock.skip(1.9 * hour);
  expect(await store.keep('acme', digest, clock.now() + hour)).toBeDefined();
  clock.skip(2.1 * hour);
  expect(await store.keep('acme', digest, clock.now() + hour)).toBeUndefined();
});

test('the sweep continues where it was, in another process too, and clears what killed processes left', async () => {
  const { clock, store, prefix, place, sweep, files } = open();
  for (let count = 0; count < 130; count += 1) {
    await store.put('acme', randomBytes(10), 'application/json', { place: place({ name: `n${count}` }) });
  }
  clock.skip(3 * hour);
  const first = await store.sweep!();
  expect(first).toEqual({ deleted: { results: 100 }, finished: false });
  const next = s3Store(server, { prefix, clock });
  expect((await next.sweep!()).deleted).toEqual({ results: 30 });
  await sweep();
  expect(files(prefix)).toEqual([]);
  expect(files(`_${prefix}`, 'entries')).toEqual([]);
});

test('altered bytes are an error, not a picture', async () => {
  const { store, place } = open();
  const bytes = randomBytes(1_000);
  const { digest, path } = await store.put('acme', bytes, 'image/png', { place: place() });
  writeFileSync(join(server.folder, server.bucket, path!), randomBytes(1_000));
  await expect(store.read('acme', digest)).rejects.toMatchObject({ code: 'ArtifactStoreFailed' });
  await expect(store.read('acme', digest)).rejects.toThrow(/do not match its digest/);
});

test('errors name the cause, the place and what to do, and the store learns what it cannot do', async () => {
  const marks: string[] = [];
  const storage = {
    refused: (place: string, _: string, words: string) => void marks.push(`${place}: ${words}`),
    hasRoom: (place: string) => void marks.push(`${place} over`),
  };
  const store = s3Store(server, { clock: virtualClock(Date.now()), storage });
  const put = () => store.put('acme', randomBytes(10), 'image/png');
  const where = `bucket artifacts at ${server.url}`;
  const cases = [
    [
      301,
      'PermanentRedirect',
      { 'x-amz-bucket-region': 'eu-west-9' },
      /is in region eu-west-9\)\. Correct GENWARDEN_S3_REGION/,
    ],
    [403, 'RequestTimeTooSkewed', {}, /refuses this machine's clock .* Set the clock/],
    [503, 'SlowDown', {}, /does not answer as it should .*HTTP 503 SlowDown\)\. Check GENWARDEN_S3_ENDPOINT/],
    [507, 'XMinioStorageFull', {}, /store is full .* Raise the bucket's quota/],
  ] as const;
  for (const [status, code, headers, words] of cases) {
    server.proxy.fail({ how: { status, code, headers } });
    await expect(put()).rejects.toThrow(words);
  }
  server.proxy.fail(undefined);
  await put();
  expect(marks.filter((mark) => !mark.endsWith('over')).map((mark) => mark.split(' ')[0])).toEqual(
    expect.arrayContaining(['s3-region:', 's3-clock:', 's3-away:', 's3-full:']),
  );
  expect(marks.every((mark) => mark.endsWith('over') || mark.includes(where))).toBe(true);
  expect(marks.slice(-4).toSorted()).toEqual(['s3-away over', 's3-clock over', 's3-full over', 's3-region over']);
});

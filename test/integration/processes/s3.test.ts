// A whole installation whose artifacts are in S3: paths by label, references, downloads, other runs, deletes and the sweep.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobIdFrom } from '../../../src/job/ids.ts';
import { s3Store } from '../../conformance/ports.ts';
import { virtualClock } from '../../fakes/clock.ts';
import type { Job } from '../../../src/client/index.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { startProcess } from '../../support/process.ts';
import { startS3Server, type S3Server } from '../../support/s3Server.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

const hour = 3_600_000;
const program = new URL('../../../bin/genwarden', import.meta.url).pathname;
const photo = readFileSync(new URL('../../../examples/front-yard.jpg', import.meta.url));

const filesIn = (folder: string): string[] =>
  readdirSync(join(server.folder, server.bucket, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(server.folder, server.bucket, folder, path)).isFile())
    .toSorted();

it('stores, references, shows, reruns and deletes artifacts in S3', async () => {
  const installation = await startInstallation({ env: server.env });
  const { client, url } = installation;
  const submit = (over: object = {}): Promise<Job> =>
    client.submit(anImage('a yard', { labels: { project: 'p42' }, ...over }));
  const { artifact } = await client.uploadReference(photo, 'image/jpeg');
  const first = await client.wait((await submit({ input: { prompt: 'a', references: [{ artifact }] } })).id);
  expect(first.state).toBe('succeeded');
  const folder = `default/p42/${first.id}`;
  expect(filesIn(folder)).toEqual(['0-image.png', '0-metadata.json', '0-thumbnail.jpg']);
  const image = first.tasks![0]!.artifacts.find(({ name }) => name === 'image')!;
  expect(image).toMatchObject({ path: `${folder}/0-image.png` });

  // Through the API with ranges, and from S3 itself by the command line.
  const whole = readFileSync(join(server.folder, server.bucket, folder, '0-image.png'));
  const part = await fetch(`${url}${image.href}`, { headers: { range: 'bytes=10-19' } });
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, whole.subarray(10, 20)]);
  await using to = await tempFolder('pictures');
  for (const extra of [[], ['--redirect']]) {
    const ran = await startProcess(program, ['download', first.id, '--to', to.path, ...extra], {
      env: { GENWARDEN_URL: url },
    });
    expect((await ran.exited).code).toBe(0);
    expect(readFileSync(join(to.path, 'image.png')).equals(whole)).toBe(true);
  }
  const presigned = await fetch(`${url}${image.href}&redirect=true`, { redirect: 'manual' });
  expect([
    presigned.status,
    presigned.headers.get('location')!.startsWith(`${server.url}/artifacts/${folder}/0-image.png?`),
  ]).toEqual([307, true]);

  // A task refers to the result of another of its job.
  const reference = { artifact: { task: 'front', name: 'image' } } as const;
  const tasks = [
    { name: 'front' },
    { name: 'back', after: ['front'], input: { prompt: 'b', references: [reference] } },
  ];
  const chain = await client.wait((await submit({ tasks })).id);
  expect(chain.tasks!.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);

  // A result of one job is a reference of another, and outlives the first.
  const second = await submit({ input: { prompt: 'b', references: [{ artifact: image.digest }] } });
  await client.delete(first.id);
  expect((await client.wait(second.id)).state).toBe('succeeded');
  expect(() => filesIn(folder)).toThrow(/ENOENT/);
  expect(await client.doctor()).toMatchObject({ ok: true });

  // Every run keeps its own picture.
  const reviewed = await submit({ policy: { review: 'always' } });
  await until(async () => (await client.get(reviewed.id)).state === 'needs_review', { what: 'the review' });
  await client.review(reviewed.id, 0, { run: 1, decision: 'tweak', instruction: 'bluer' });
  const again = await until(
    async () => {
      const job = await client.get(reviewed.id);
      return job.state === 'needs_review' && job.tasks![0]!.run === 2 && job;
    },
    { what: 'the second review' },
  );
  await client.review(reviewed.id, 0, { run: 2, decision: 'approve' });
  const runs = await Promise.all([1, 2].map((run) => client.downloadArtifact(again.id, 0, 'image', { run })));
  expect(runs[0]!.digest).not.toBe(runs[1]!.digest);
  expect(
    filesIn(`default/p42/${reviewed.id}`).filter((path) => /^0-image(-[0-9a-f]{12})?\.png$/.test(path)),
  ).toHaveLength(2);
});

it('the leading controller deletes what has expired, and counts it', async () => {
  const prefix = 'short';
  const then = { prefix, clock: virtualClock(Date.now() - 5 * hour) };
  const old = s3Store(server, then);
  const place = { job: jobIdFrom(randomBytes(32)), task: 0, name: 'image', labels: {}, expiresAt: then.clock.now() };
  const over = await old.put('default', randomBytes(100), 'image/png', { place });
  const later = { ...place, name: 'image-2', expiresAt: Date.now() + hour };
  const kept = await old.put('default', randomBytes(100), 'image/png', { place: later });
  await old.put('default', randomBytes(100), 'image/png');
  const env = { ...server.env, GENWARDEN_NATS_PREFIX: prefix, GENWARDEN_RETENTION: '1s' };
  const { start } = await startInstallation({ env, processes: [] });
  const controller = await start('controller');
  const metrics = /metrics on (http:\S+)"/.exec(await controller.waitForLine(/metrics on/))![1]!;
  const text = async (): Promise<string> => (await fetch(metrics)).text();
  await until(
    async () => /_swept_total\{what="results"\} 1\n[^]*_swept_total\{what="references"\} 1\n/.test(await text()),
    {
      what: 'the sweep',
      timeoutMs: 30_000,
    },
  );
  await until(async () => /_sweep_timestamp_seconds [1-9]/.test(await text()), { what: 'its end', timeoutMs: 30_000 });
  expect(await old.find('default', over.digest, over.path)).toBeUndefined();
  expect(await old.find('default', kept.digest, kept.path)).toBeDefined();
});

// What is interrupted: downloads while the store is away, and uploads of processes that were killed.

import { randomBytes } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { s3Store } from '../../conformance/ports.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { startS3Server, type S3Server } from '../../support/s3Server.ts';
import { until } from '../../support/until.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

test('a download continues where it was after the store was away, and holds nothing meanwhile', async () => {
  const store = s3Store(server, { clock: virtualClock(Date.now()) });
  const bytes = randomBytes(9_000_000);
  const { digest } = await store.put('acme', bytes, 'image/png');
  const parts: Buffer[] = [];
  for await (const part of (await store.stream('acme', digest))!) {
    parts.push(part as Buffer);
    if (parts.length !== 2) continue;
    const failed = server.proxy.failed;
    server.proxy.fail({ how: 'refuse' });
    void until(() => server.proxy.failed > failed + 2, { what: 'tries' }).then(() => server.proxy.fail(undefined));
  }
  expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
  expect(store.traffic().read).toEqual({ bytes: 0, waiting: 0 });
});

test('an artifact that is deleted during its download is an error, not a short picture', async () => {
  const store = s3Store(server, { clock: virtualClock(Date.now()) });
  const { digest } = await store.put('acme', randomBytes(9_000_000), 'image/png');
  const stream = (await store.stream('acme', digest))!;
  const read = async (): Promise<void> => {
    for await (const part of stream) {
      expect(part).toBeInstanceOf(Uint8Array);
      await store.delete('acme', digest);
    }
  };
  await expect(read()).rejects.toThrow(/was deleted while it was read/);
});

test('the sweep aborts uploads that were not completed, and no upload of another program', async () => {
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const clock = virtualClock(Date.now());
  const store = s3Store(server, { prefix, clock });
  const { bucket: Bucket, accessKeyId, secretAccessKey } = server;
  const client = new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  onTestFinished(() => client.destroy());
  const paths = [`${prefix}/ours.png`, `${prefix}/ours.png.another`, 'foreign.bin'];
  for (const Key of paths) await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const record = JSON.stringify({ path: paths[0], startedAt: clock.now() });
  await client.send(new PutObjectCommand({ Bucket, Key: `_${prefix}/uploads/1`, Body: record }));
  const round = async (): Promise<number> => {
    for (let uploads = 0; ;) {
      const { deleted, finished } = await store.sweep!();
      uploads += deleted.uploads ?? 0;
      if (finished) return uploads;
    }
  };
  expect(await round()).toBe(0);
  clock.skip(2 * 3_600_000);
  expect(await round()).toBe(1);
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  expect(new Set(Uploads.map(({ Key }) => Key))).toEqual(new Set(paths.slice(1)));
});

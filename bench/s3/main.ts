// `make bench-s3`: 1 GB of pictures from a provider through a worker into S3, and back through the API, compared with a raw copy of the
// same bytes to and from the same server. Prints times, ratios, and the peak memory of worker and API.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { GenwardenClient, type Job } from '../../src/client/index.ts';
import { freePort } from '../../test/support/freePorts.ts';
import { startNatsServer } from '../../test/support/natsServer.ts';
import { startS3Server } from '../../test/support/s3Server.ts';
import { inParallel } from '../measure.ts';
import { environment, residentMb, start, urlOf } from '../processes.ts';

const total = 1_000_000_000;
const atOnce = 4;

async function main(): Promise<void> {
  const picture = await noise();
  const count = Math.ceil(total / picture.length);
  await using nats = await startNatsServer();
  const port = await freePort();
  await using s3 = await startS3Server({ port });
  const endpoint = `http://127.0.0.1:${port}`;
  const provider = await startProvider(picture);
  const env = {
    ...environment(nats, `http://127.0.0.1:${(provider.address() as AddressInfo).port}`),
    ...s3.env,
    GENWARDEN_S3_ENDPOINT: endpoint,
  };
  await using controller = await start(['controller'], { env, readyWhen: /controller started/ });
  await using worker = await start(['worker', '--concurrency', String(atOnce)], { env, readyWhen: /worker started/ });
  await using api = await start(['api'], { env, readyWhen: /API on/ });
  const idle = { worker: residentMb(worker, 'VmRSS'), api: residentMb(api, 'VmRSS') };
  const client = new GenwardenClient({ url: urlOf(api) });
  const raw = rawCopy(endpoint, s3);

  const rawPut = await timed(() => inParallel(count, atOnce, (index) => raw.put(`raw/${index}`, picture)));
  const { result: job, seconds: made } = await timed(() => runJob(client, count));
  const rawGet = await timed(() => inParallel(count, atOnce, (index) => raw.get(`raw/${index}`)));
  const read = await timed(() => inParallel(count, atOnce, (task) => download(urlOf(api), job, task)));
  provider.close();
  void controller;

  const bytes = count * picture.length;
  const speed = (seconds: number): string => `${seconds.toFixed(1)} s, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s`;
  const ratio = (ours: number, bare: number): string => `${(ours / bare).toFixed(2)} times as long`;
  console.log(
    `${count} pictures of ${(picture.length / 1e6).toFixed(1)} MB, ${(bytes / 1e9).toFixed(2)} GB, ${atOnce} at a time`,
  );
  console.log(
    `put    raw ${speed(rawPut.seconds)}; provider, worker and S3 ${speed(made)}: ${ratio(made, rawPut.seconds)}`,
  );
  console.log(
    `get    raw ${speed(rawGet.seconds)}; through the API ${speed(read.seconds)}: ${ratio(read.seconds, rawGet.seconds)}`,
  );
  console.log(`memory worker ${idle.worker} MB idle, ${residentMb(worker, 'VmHWM')} MB at most`);
  console.log(`memory api    ${idle.api} MB idle, ${residentMb(api, 'VmHWM')} MB at most`);
}

/** A PNG that cannot be compressed, of about 8 MB. */
async function noise(): Promise<Buffer> {
  const [width, height] = [1_680, 1_600];
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < pixels.length; at += 65_536) crypto.getRandomValues(pixels.subarray(at, at + 65_536));
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
}

/** The same picture for every call: making pictures would cost more than what is measured. */
async function startProvider(picture: Buffer): Promise<Server> {
  const part = { inlineData: { mimeType: 'image/png', data: picture.toString('base64') } };
  const answer = Buffer.from(
    JSON.stringify({
      candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1_290, totalTokenCount: 1_295 },
      modelVersion: 'gemini-3.1-flash-image',
    }),
  );
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function runJob(client: GenwardenClient, count: number): Promise<Job> {
  const tasks = Array.from({ length: count }, (_, index) => ({ input: { prompt: `yard ${index}` } }));
  const job = await client.wait((await client.submit({ kind: 'image', input: {}, tasks })).id);
  if (job.state !== 'succeeded')
    throw new Error(`the job ${job.state}: ${JSON.stringify(job.tasks!.find(({ error }) => error))}`);
  return job;
}

function rawCopy(
  endpoint: string,
  { accessKeyId, secretAccessKey, bucket: Bucket }: Awaited<ReturnType<typeof startS3Server>>,
) {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  return {
    put: async (Key: string, Body: Buffer) => void (await client.send(new PutObjectCommand({ Bucket, Key, Body }))),
    get: async (Key: string) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      await finished((Body as Readable).resume());
    },
  };
}

async function download(url: string, job: Job, task: number): Promise<void> {
  const { href, bytes } = job.tasks![task]!.artifacts.find(({ name }) => name === 'image')!;
  const response = await fetch(`${url}${href}`);
  let read = 0;
  for await (const part of response.body!) read += (part as Uint8Array).length;
  if (read !== bytes) throw new Error(`task ${task}: ${read} of ${bytes} bytes`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const started = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - started) / 1_000 };
}

await main();

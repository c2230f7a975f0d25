// `client.download`: a stream that is checked at its end and continues after a cut, against a server that follows a script.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { GenwardenClient, type CallOptions, type Download } from '../../../src/client/index.ts';

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251));
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers in turn, and repeats the last answer. */
async function serving(...answers: Answer[]) {
  const ranges: (string | undefined)[] = [];
  const http = createServer((request, response) => {
    ranges.push(request.headers.range);
    answers[Math.min(ranges.length, answers.length) - 1]!(response, request);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { client: new GenwardenClient({ url }), ranges, url };
}

const headers = { 'content-type': 'image/png', etag: `"${digest}"`, 'content-length': bytes.length };

const whole: Answer = (response) => response.writeHead(200, headers).end(bytes);

/** The API cuts a download that it cannot complete. */
const cutAfter =
  (count: number): Answer =>
  (response) => {
    response.writeHead(200, headers);
    response.write(bytes.subarray(0, count), () => response.destroy());
  };

const rest =
  (end = bytes.length, over: Record<string, string> = {}): Answer =>
  (response, { headers: { range } }) => {
    const from = Number(/^bytes=(\d+)-$/.exec(range!)![1]);
    const about = {
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      'content-length': bytes.length - from,
    };
    response.writeHead(206, { ...headers, ...about, ...over });
    if (end === bytes.length) return void response.end(bytes.subarray(from));
    response.write(bytes.subarray(from, end), () => response.destroy());
  };

const busy: Answer = (response) => response.writeHead(503, { 'retry-after': '0' }).end();

async function read(download: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of download) pieces.push(piece);
  return Buffer.concat(pieces);
}

const open = (client: GenwardenClient, options?: CallOptions): Promise<Download> =>
  client.download('j', 0, 'image', options);

test('a download has its media type, size and digest before its bytes, and is read in one of three ways', async () => {
  const { client } = await serving(whole);
  const download = await open(client);
  expect(download).toMatchObject({ mediaType: 'image/png', size: bytes.length, digest });
  expect((await read(download)).equals(bytes)).toBe(true);
  expect(Buffer.from(await (await open(client)).bytes()).equals(bytes)).toBe(true);
  const response = new Response((await open(client)).body);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  await expect(download.bytes()).rejects.toThrow('The download was read already');
});

test('a download that is cut continues where it stopped, several times', async () => {
  const { client, ranges } = await serving(cutAfter(30_000), busy, rest(60_000), rest());
  expect((await read(await open(client))).equals(bytes)).toBe(true);
  expect(ranges[0]).toBeUndefined();
  const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range!)![1]));
  expect(starts).toHaveLength(3);
  // The client continues after what it has received, which may be less than what was sent.
  expect(starts[0]).toBeLessThanOrEqual(30_000);
  expect(starts[2]).toBeGreaterThanOrEqual(starts[0]!);
});

test('a download on which nothing arrives any more continues on another connection', async () => {
  const stalls: Answer = (response) => void response.writeHead(200, headers).write(bytes.subarray(0, 30_000));
  const { url, ranges } = await serving(stalls, rest());
  const client = new GenwardenClient({ url, timeoutMs: 2_000 });
  expect((await read(await open(client))).equals(bytes)).toBe(true);
  expect(ranges.at(-1)).toMatch(/^bytes=\d+-$/);
});

test('a download that cannot be completed throws, and does not look whole', async () => {
  const gone: Answer = (response) => response.writeHead(404).end();
  const ignoresRanges = whole;
  const anotherArtifact = rest(bytes.length, { etag: '"sha256:other"' });
  for (const answer of [gone, ignoresRanges, anotherArtifact]) {
    const { client } = await serving(cutAfter(30_000), answer);
    const error = await read(await open(client)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'GenwardenDownloadError', code: 'Incomplete' });
    expect((error as Error).message).toMatch(/^Only \d+ of 100000 bytes of image arrived$/);
  }
  const { client, ranges } = await serving(cutAfter(30_000), rest());
  await expect(read(await open(client, { giveUpAfterMs: 0 }))).rejects.toMatchObject({ code: 'Incomplete' });
  expect(ranges).toHaveLength(1);
});

test('other bytes than those of the digest throw at the end', async () => {
  const wrong: Answer = (response) => response.writeHead(200, headers).end(Buffer.from(bytes).fill(0, 50_000, 50_001));
  const { client } = await serving(wrong);
  await expect(read(await open(client))).rejects.toMatchObject({ code: 'DigestMismatch' });
  await expect(client.downloadArtifact('j', 0, 'image')).rejects.toMatchObject({ code: 'DigestMismatch' });
});

test('without a digest from the server, the artifact of the task is the measure', async () => {
  const fromStore: Answer = (response) =>
    response.writeHead(200, { 'content-type': 'image/png', etag: '"md5"' }).end(bytes);
  const { client } = await serving(fromStore);
  expect(await client.downloadArtifact('j', 0, 'image')).toMatchObject({ digest });
  const artifact = { name: 'image', bytes: bytes.length, digest: `sha256:${'0'.repeat(64)}` };
  await expect(client.downloadArtifact('j', 0, artifact)).rejects.toMatchObject({ code: 'DigestMismatch' });
  expect(await client.downloadArtifact('j', 0, { ...artifact, digest })).toMatchObject({ digest });
});

test('a compressing proxy hides the size, not the digest', async () => {
  const { gzipSync } = await import('node:zlib');
  const zipped: Answer = (response) => {
    const body = gzipSync(bytes);
    response.writeHead(200, {
      ...headers,
      etag: `W/"${digest}"`,
      'content-encoding': 'gzip',
      'content-length': body.length,
    });
    response.end(body);
  };
  const { client } = await serving(zipped);
  const download = await open(client);
  expect(download).toMatchObject({ size: undefined, digest });
  expect((await read(download)).equals(bytes)).toBe(true);
});

test('a reader that stops closes the connection; a signal ends the download with its reason', async () => {
  const closed: (() => void)[] = [];
  const endless: Answer = (response) => {
    response.on('close', () => closed.shift()?.());
    response.writeHead(200, headers);
    response.write(bytes.subarray(0, 20_000));
  };
  const isClosed = (): Promise<void> => new Promise((resolve) => void closed.push(resolve));
  const { client } = await serving(endless);
  const stopped = isClosed();
  for await (const piece of await open(client)) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  await stopped;
  const cancelled = isClosed();
  await (await open(client)).body.cancel();
  await cancelled;
  const stop = new AbortController();
  const aborted = isClosed();
  const reading = read(await open(client, { signal: stop.signal }));
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  await aborted;
});

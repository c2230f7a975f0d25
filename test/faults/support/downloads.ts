// Large artifacts in an installation, and the calls of other clients beside their downloads.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { sleep } from '../../../src/async/sleep.ts';
import type { FaultWorld } from './world.ts';

export interface LargeArtifact {
  readonly url: string;
  /** The digest in quotes. */
  readonly etag: string;
  readonly bytes: number;
}

/** An artifact of 4 MiB: a text that the provider wrote. */
export async function aLargeArtifact({ client, standin, url }: FaultWorld): Promise<LargeArtifact> {
  const text = randomBytes(3 * 1024 * 1024).toString('base64');
  standin.script([{ kind: 'raw', body: { candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] } }]);
  const { id } = await client.submit({ kind: 'text', input: { prompt: 'a long text' } });
  const { tasks = [] } = await client.wait(id);
  const { digest, bytes } = tasks[0]!.artifacts.find(({ name }) => name === 'output')!;
  return { url: `${url}/v1/jobs/${id}/tasks/0/artifacts/output`, etag: `"${digest}"`, bytes };
}

export interface Calls {
  /** ms of each call, sorted. */
  readonly took: Readonly<Record<'get' | 'list' | 'submit' | 'head' | 'range', readonly number[]>>;
  /** What was not as it should be. */
  readonly wrong: readonly string[];
  /** The jobs that were acknowledged. */
  readonly jobs: readonly string[];
}

/** Calls the API in five loops until `over` settles, a call every 20 ms in each. */
export async function callsUntil(
  over: Promise<unknown>,
  { url, client }: FaultWorld,
  artifact: LargeArtifact,
): Promise<Calls> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  over.then(end, end);
  const took: Record<keyof Calls['took'], number[]> = { get: [], list: [], submit: [], head: [], range: [] };
  const wrong: string[] = [];
  const jobs: string[] = [];
  const loop = async (name: keyof typeof took, call: () => Promise<unknown>): Promise<void> => {
    while (!isOver) {
      const startedAt = performance.now();
      await call().catch((error: Error) => wrong.push(`${name}: ${error.message}`));
      took[name].push(performance.now() - startedAt);
      await sleep(20);
    }
  };
  let calls = 0;
  const submit = async (): Promise<void> => {
    const prompt = `beside the downloads ${(calls += 1)}`;
    jobs.push((await client.submit({ kind: 'image', input: { prompt } })).id);
  };
  await Promise.all([
    loop('get', () => expectStatus(`${url}/v1/jobs/${artifact.url.split('/')[5]!}`, {}, 200)),
    loop('list', () => expectStatus(`${url}/v1/jobs?limit=10`, {}, 200)),
    loop('submit', submit),
    loop('head', async () => {
      await expectStatus(artifact.url, { method: 'HEAD' }, 200);
      await expectStatus(artifact.url, { headers: { 'if-none-match': artifact.etag } }, 304);
    }),
    loop('range', () => expectStatus(artifact.url, { headers: { range: 'bytes=100-199' } }, 206, 100)),
  ]);
  for (const times of Object.values(took)) times.sort((a, b) => a - b);
  return { took, wrong, jobs };
}

async function expectStatus(url: string, options: RequestInit, status: number, bytes?: number): Promise<void> {
  const response = await fetch(url, options);
  const body = await response.arrayBuffer();
  if (response.status !== status) throw new Error(`status ${response.status}: ${Buffer.from(body).toString()}`);
  if (bytes !== undefined && body.byteLength !== bytes) throw new Error(`${body.byteLength} bytes`);
}

export interface SlowReader {
  /** Reads the rest; the digest of all bytes, in quotes. */
  finish(): Promise<string>;
}

/** Asks for the artifact, and takes nothing but the first bytes. */
export async function aSlowReader({ url, bytes }: LargeArtifact): Promise<SlowReader> {
  const asked = request(url).end();
  const [response] = await once(asked, 'response');
  const hash = createHash('sha256');
  let taken = 0;
  const take = (part: Buffer): void => {
    taken += part.length;
    hash.update(part);
  };
  response.once('data', (part: Buffer) => {
    take(part);
    response.pause();
  });
  await once(response, 'pause');
  return {
    finish: async () => {
      response.on('data', take).resume();
      await once(response, 'end');
      return taken === bytes ? `"sha256:${hash.digest('hex')}"` : `${taken} of ${bytes} bytes`;
    },
  };
}

/** Asks for the artifact, reads its first bytes, and closes the connection. */
export async function aReaderThatLeaves({ url }: LargeArtifact): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  await once(socket, 'data');
  socket.destroy();
}

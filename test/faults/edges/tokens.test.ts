// A token is revoked while its event streams and waits are open: they end within seconds, and those of others miss nothing.

import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createToken } from '../../../src/api/auth/createToken.ts';
import type { TokenEntry } from '../../../src/api/auth/tokenStore.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { keepSubmitting } from '../support/load.ts';
import { addEdgeRow } from './edgeRows.ts';
import { overdues } from './outcomes.ts';

const streamsEach = 7;
const waitsEach = 4;

it('a revoked token ends its streams and waits, and no others', async () => {
  await using folder = await tempFolder('tokens');
  const file = join(folder.path, 'tokens.json');
  const tokens = [newToken('revoked', 'acme'), newToken('kept', 'acme'), newToken('neighbour', 'other')] as const;
  await store(file, tokens);
  const installation = await startInstallation({ env: { GENWARDEN_AUTH_TOKENS_FILE: file } });
  installation.standin.behave({ kind: 'image', bytes: 'small', latencyMs: 100 });
  const holders = await Promise.all(tokens.map((token) => holdRequests(installation.url, token)));
  const [revoked, kept, neighbour] = holders as [Holder, Holder, Holder];
  const loads = [kept, neighbour].map((tenant) => keepSubmitting(tenant, { intervalMs: 50 }));
  await until(() => loads.every(({ jobs }) => jobs.length >= 5), { what: 'the load' });

  const revokedAt = performance.now();
  await store(file, tokens.slice(1));
  const refused = await Promise.all(revoked.waits);
  await until(() => revoked.streams.every(({ ended }) => ended), { what: 'the end of the streams', timeoutMs: 10_000 });
  const endedAfterMs = performance.now() - revokedAt;

  const before = loads.map(({ jobs }) => jobs.length);
  await until(() => loads.every(({ jobs }, at) => jobs.length >= before[at]! + 5), { what: 'load after it' });
  const jobs = (await Promise.all(loads.map((load) => load.stop()))) as [string[], string[]];
  const outcomes = [
    await outcomeOf(kept, [kept.held, revoked.held], jobs[0]),
    await outcomeOf(neighbour, [neighbour.held], jobs[1]),
  ];
  addEdgeRow({
    fault: `token revoked with ${holders.length * streamsEach} streams and ${holders.length * waitsEach} waits open`,
    jobs: jobs.flat().length + holders.length,
    terminal: outcomes.reduce((sum, { terminal }) => sum + terminal, 0),
    lost: outcomes.reduce((sum, { missed }) => sum + missed, 0),
    overdueMs: Math.max(...outcomes.map(({ overdueMs }) => overdueMs)),
    innocentsHarmed: outcomes.reduce((sum, { harmed }) => sum + harmed, 0),
    recoveredAfterMs: Math.round(endedAfterMs),
  });

  expect(refused).toEqual(Array(waitsEach).fill('401 Unauthorized'));
  for (const { received } of revoked.streams) {
    expect(received.at(-1)).toMatchObject({ event: 'problem', data: { status: 401, code: 'Unauthorized' } });
  }
  await expect(revoked.client.get(revoked.held)).rejects.toMatchObject({ code: 'Unauthorized' });
  expect(outcomes).toEqual(outcomes.map((one) => ({ ...one, missed: 0, harmed: 0, overdueMs: 0 })));
  expect(outcomes.map(({ terminal }) => terminal)).toEqual([jobs[0].length + 2, jobs[1].length + 1]);
});

interface Token {
  readonly token: string;
  readonly entry: TokenEntry;
}

function newToken(name: string, tenant: string): Token {
  return createToken({ name, tenant, scopes: ['jobs:read', 'jobs:write'], createdAt: Date.now() }, randomBytes);
}

/** In one step, as a mounted Secret changes. */
async function store(file: string, tokens: readonly Token[]): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify({ tokens: tokens.map(({ entry }) => entry) }));
  await rename(`${file}.new`, file);
}

interface Holder {
  readonly client: GenwardenClient;
  /** A job in review, whose change the waits wait for. */
  readonly held: string;
  readonly streams: readonly EventStreamReader[];
  /** Status, and the code or the state of the job. */
  readonly waits: readonly Promise<string>[];
}

async function holdRequests(url: string, { token }: Token): Promise<Holder> {
  const client = new GenwardenClient({ url, token });
  const { id: held } = await client.submit(anImage('held', { policy: { review: 'always' } }));
  const streams = await Promise.all(
    Array.from({ length: streamsEach }, () => EventStreamReader.open(`${url}/v1/events`, undefined, token)),
  );
  await Promise.all(streams.map((stream) => stream.until((all) => all.length > 0, 'the snapshot')));
  const authorization = `Bearer ${token}`;
  await client.wait(held);
  const shown = await fetch(`${url}/v1/jobs/${held}`, { headers: { authorization } });
  // A wait without it ends at once: the job awaits a review.
  const headers = { authorization, 'if-none-match': shown.headers.get('etag')! };
  const waits = Array.from({ length: waitsEach }, async () => {
    const response = await fetch(`${url}/v1/jobs/${held}?wait=60s`, { headers });
    const { code, state } = (await response.json()) as { code?: string; state?: string };
    return `${response.status} ${code ?? state}`;
  });
  return { client, held, streams, waits };
}

/** Reviews the held jobs, so that the waits end, and compares what the streams received with the histories of the jobs. */
async function outcomeOf({ client, streams, waits }: Holder, held: readonly string[], submitted: readonly string[]) {
  for (const job of held) await client.review(job, 0, { run: 1, decision: 'approve' });
  const jobs = [...held, ...submitted];
  const ends = await Promise.all(jobs.map((job) => client.wait(job)));
  const histories = await Promise.all(jobs.map((job) => client.history(job)));
  const expected = histories.slice(held.length).flatMap((history) => history.map(({ sequence }) => sequence));
  const missing = (stream: EventStreamReader): number[] => {
    const seen = new Set(stream.of('task').map(({ data }) => data.sequence as number));
    return expected.filter((sequence) => !seen.has(sequence));
  };
  await until(() => streams.every((stream) => missing(stream).length === 0), { what: 'all events' }).catch(
    () => undefined,
  );
  const unharmed = streams.filter((stream) => !stream.ended && stream.of('problem', 'reset').length === 0);
  const finished = (await Promise.all(waits)).filter((answer) => answer === '200 succeeded');
  return {
    terminal: ends.filter(({ state }) => state === 'succeeded').length,
    missed: streams.reduce((sum, stream) => sum + missing(stream).length, 0),
    harmed: streams.length - unharmed.length + waits.length - finished.length,
    overdueMs: Math.max(0, ...histories.flatMap(overdues)),
  };
}

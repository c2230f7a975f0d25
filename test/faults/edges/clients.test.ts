// The TypeScript client while the API is killed: each watcher gets each finished task once with the right bytes, downloads that were
// cut continue, and a submit without an answer makes one job.

import { createHash } from 'node:crypto';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { GenwardenClient, type Download, type TaskResult } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const tasks = 30;

it('watchers and downloads survive the death of the API', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 400 } });
  await watches(world, world.first.api);
  world.standin.behave({ kind: 'image', latencyMs: 0 });
  await downloads(world);
});

let api: FaultWorld['first']['api'];

async function watches(world: FaultWorld, first: typeof api): Promise<void> {
  const names = Array.from({ length: tasks }, (_, index) => ({ name: `t${index}` }));
  const { id } = await world.client.submit({ kind: 'image', input: { prompt: 'watched' }, tasks: names });
  const early = Array.from({ length: 3 }, () => watcher(world.url, id));
  await until(() => early.every(({ results }) => results.length >= 3), {
    what: 'the first results',
    timeoutMs: 30_000,
  });
  const began = performance.now();
  first.kill('SIGKILL');
  // These begin while no API answers; the submit is sent again with its key.
  const late = watcher(world.url, id);
  const beside = world.client.submit({ kind: 'image', input: { prompt: 'beside' } });
  await first.exited;
  api = await world.start('api');
  const over = performance.now() - began;
  const watchers = [...early, late];
  const ended = await Promise.all(watchers.map((one) => one.ended));
  const recovered = performance.now() - began - over;
  expect(ended.map(({ state }) => state)).toEqual(watchers.map(() => 'succeeded'));
  const sets = watchers.map(({ results }) => results.map(({ task }) => task.index));
  const repeated = sets.filter((seen) => new Set(seen).size !== seen.length).length;
  const missing = sets.reduce((sum, seen) => sum + tasks - new Set(seen).size, 0);
  const wrong = watchers.flatMap((one) => one.wrong);
  console.log(
    `${watchers.length} watchers of ${tasks} tasks through a kill: ${repeated} saw one twice, ${missing} results missing, ${wrong.length} wrong`,
  );
  const harmed = (await world.client.wait((await beside).id)).state === 'succeeded' ? 0 : 1;
  await finishRow(world, 'api killed while clients watch', {
    jobs: [id, (await beside).id],
    lost: missing + repeated + wrong.length,
    harmed,
    recovered,
  });
}

/** Downloads the artifacts of each result, as an application does. */
function watcher(url: string, job: string) {
  const client = new GenwardenClient({ url });
  const results: TaskResult[] = [];
  const wrong: string[] = [];
  const watch = client.watch(job);
  const ended = (async () => {
    for (;;) {
      const next = await watch.next();
      if (next.done === true) return next.value;
      results.push(next.value);
      for (const artifact of next.value.artifacts) {
        const { bytes } = await client.downloadArtifact(job, next.value.task.index, artifact.name);
        if (digestOf(bytes) !== artifact.digest) wrong.push(artifact.digest);
      }
    }
  })();
  return { results, wrong, ended };
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function downloads(world: FaultWorld): Promise<void> {
  const { id } = await world.client.submit({ kind: 'image', input: { prompt: 'large' } });
  const job = await world.client.wait(id);
  const { digest, bytes: size } = job.tasks![0]!.artifacts[0]!;
  const narrow = await narrowPath(world.url);
  let resumed = 0;
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (new Request(input, init).headers.has('range')) resumed += 1;
    return globalThis.fetch(input, init);
  };
  const client = new GenwardenClient({ url: narrow.url, fetch });
  const open = await Promise.all(Array.from({ length: 8 }, () => begun(client, id)));
  const began = performance.now();
  api.kill('SIGKILL');
  await api.exited;
  narrow.widen();
  api = await world.start('api');
  const over = performance.now() - began;
  const read = await Promise.all(open.map((one) => rest(one)));
  const recovered = performance.now() - began - over;
  const wrong = read.filter((bytes) => digestOf(bytes) !== digest).length;
  console.log(
    `${read.length} downloads of ${size} bytes through a kill: ${resumed} requests for a rest, ${wrong} wrong`,
  );
  expect(resumed).toBeGreaterThanOrEqual(read.length);
  const beside = await world.client.downloadArtifact(id, 0, 'image');
  const harmed = digestOf(beside.bytes) === digest ? 0 : 1;
  await finishRow(world, 'api killed in the middle of downloads', { jobs: [id], lost: wrong, harmed, recovered });
}

/** Passes on so many bytes of each connection, and no more until it is widened: what is underway when the API dies is known. */
async function narrowPath(url: string): Promise<{ url: string; widen(): void }> {
  const { port: target } = new URL(url);
  let most = 200_000;
  const server = createServer((from) => {
    const to = connect(Number(target), '127.0.0.1');
    let passed = 0;
    to.on('data', (bytes) => {
      const allowed = bytes.subarray(0, most - passed);
      passed += allowed.length;
      from.write(allowed);
      if (passed >= most) to.pause();
    });
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => undefined).on('close', () => other.destroy());
    }
    from.pipe(to);
    // A paused socket does not see that the API has died.
    widened.push(() => to.destroy());
  });
  const widened: (() => void)[] = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    widen: () => {
      most = Number.POSITIVE_INFINITY;
      for (const cut of widened.splice(0)) cut();
    },
  };
}

/** A download of which the first piece was read. */
async function begun(client: GenwardenClient, job: string) {
  const download: Download = await client.download(job, 0, 'image');
  const pieces = download[Symbol.asyncIterator]();
  const first = await pieces.next();
  return { pieces, first: first.value as Uint8Array };
}

async function rest({ pieces, first }: Awaited<ReturnType<typeof begun>>): Promise<Buffer> {
  const all = [first];
  for (;;) {
    const { done, value } = await pieces.next();
    if (done === true) return Buffer.concat(all);
    all.push(value);
  }
}

interface Row {
  readonly jobs: readonly string[];
  readonly lost: number;
  readonly harmed: number;
  /** ms. */
  readonly recovered: number;
}

async function finishRow({ client }: FaultWorld, fault: string, { jobs, lost, harmed, recovered }: Row): Promise<void> {
  const outcomes = await outcomesOf(client, jobs);
  expect([outcomes.lost + lost, harmed]).toEqual([0, 0]);
  addEdgeRow({
    fault,
    ...outcomes,
    lost: outcomes.lost + lost,
    innocentsHarmed: harmed,
    recoveredAfterMs: Math.round(recovered),
  });
}

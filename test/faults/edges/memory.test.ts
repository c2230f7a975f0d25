// Memory at its limit: a worker admits what fits, and a task that kills its workers harms no other once it is known.

import { randomFillSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { GenwardenClient, Job, Transition } from '../../../src/client/index.ts';
import { limitsOf } from '../../../src/job/modelLimits.ts';
import { anImage } from '../../support/installation.ts';
import { limitMemory } from '../../support/memoryLimit.ts';
import type { TestProcess } from '../../support/process.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
const limit = 512 * 1_048_576;
const model = 'gemini-3.1-flash-image';

/** As many and as large as the model takes, of noise, which does not compress. */
async function mostReferences(client: GenwardenClient): Promise<{ artifact: string }[]> {
  const { references, totalReferenceBytes } = limitsOf('gemini', model);
  const side = Math.floor(Math.sqrt(((totalReferenceBytes / references) * 0.99) / 3));
  const raw = { width: side, height: side, channels: 3 as const };
  const all: { artifact: string }[] = [];
  for (let count = 0; count < references; count += 1) {
    const noise = randomFillSync(Buffer.alloc(side * side * 3));
    const png = await sharp(noise, { raw }).png({ compressionLevel: 0 }).toBuffer();
    const { artifact } = await client.uploadReference(png, 'image/png');
    all.push({ artifact });
  }
  return all;
}

/** The ends of the jobs. Fails as soon as the worker ends. */
async function endsOf(world: FaultWorld, jobs: readonly Job[], worker: TestProcess): Promise<Job[]> {
  const ended = worker.exited.then(({ code, signal }) => {
    throw new Error(`the worker ended: ${code ?? signal}`);
  });
  ended.catch(() => undefined);
  return await Promise.race([Promise.all(jobs.map(({ id }) => world.client.wait(id))), ended]);
}

const idsOf = (jobs: readonly Pick<Job, 'id'>[]): string[] => jobs.map(({ id }) => id);
const succeeded = (job: Job): boolean => job.state === 'succeeded';

test('four slots of the largest references in 512 MiB: the worker lives, and everything beside them succeeds', async () => {
  const limited = await limitMemory(program, limit);
  const world = await startWorld({ processes: ['controller', 'api'], env: { GENWARDEN_CONCURRENCY: '4' } });
  const worker = await world.start('worker', limited.env, limited.program);
  const references = await mostReferences(world.client);
  const large = Array.from({ length: 4 }, (_, at) => {
    return anImage('', { input: { prompt: `large ${at}`, references } });
  });
  const small = Array.from({ length: 8 }, (_, at) => anImage(`small ${at}`));
  const jobs = await Promise.all([...large, ...small].map((request) => world.client.submit(request)));
  const ends = await endsOf(world, jobs, worker);
  const [workerView] = await world.client.workers();
  const most = limited.mostUsed(worker);
  console.log(`limit by ${limited.kind}: at most ${Math.round(most / 1_048_576)} MiB resident`);
  addEdgeRow({
    fault: '74 MB of references × 4 slots in 512 MiB',
    ...(await outcomesOf(world.client, idsOf(jobs))),
    innocentsHarmed: ends.slice(large.length).filter((job) => !succeeded(job)).length,
    recoveredAfterMs: undefined,
  });
  expect(ends.filter(succeeded)).toHaveLength(jobs.length);
  expect(limited.kills()).toBe(0);
  expect(most).toBeLessThan(limit);
  expect(workerView!.memory).toBeLessThan(limit);
});

test('answers of 90 MB in every slot: those attempts fail, the worker lives, and the next tasks succeed', async () => {
  const limited = await limitMemory(program, limit);
  const world = await startWorld({ processes: ['controller', 'api'], env: { GENWARDEN_CONCURRENCY: '4' } });
  const worker = await world.start('worker', limited.env, limited.program);
  const text = 'x'.repeat(90_000_000);
  const body = { candidates: [{ finishReason: 'STOP', content: { parts: [{ text }] } }] };
  world.standin.script([{ kind: 'raw', body, times: 4 }]);
  const hostile = Array.from({ length: 4 }, (_, at) => anImage(`hostile ${at}`, { policy: { maxAttempts: 1 } }));
  const jobs = await Promise.all(hostile.map((request) => world.client.submit(request)));
  const ends = await endsOf(world, jobs, worker);
  const next = await Promise.all(hostile.map((_, at) => world.client.submit(anImage(`small ${at}`))));
  const harmed = (await endsOf(world, next, worker)).filter((job) => !succeeded(job));
  addEdgeRow({
    fault: 'answers of 90 MB × 4 slots in 512 MiB',
    ...(await outcomesOf(world.client, idsOf([...jobs, ...next]))),
    innocentsHarmed: harmed.length,
    recoveredAfterMs: undefined,
  });
  expect(ends.map((job) => job.tasks?.[0]?.error?.code)).toEqual(hostile.map(() => 'ProviderResponseInvalid'));
  expect(ends[0]!.tasks?.[0]?.error?.message).toMatch(/more than \d+ MiB, for which this worker has no memory/);
  expect(harmed).toEqual([]);
  expect([limited.kills(), limited.mostUsed(worker) < limit]).toEqual([0, true]);
});

const innocents = 3;
const lossesUntilKnown = 2;

/**
 * Kills the worker, and each one after it, as soon as it runs the killer: at first only once the innocents run beside it. Resolves
 * with the worker after the last.
 */
async function killWhoRunsIt(world: FaultWorld, first: TestProcess): Promise<TestProcess> {
  const calls = (): number => world.standin.requests.filter(({ prompt }) => prompt.startsWith('killer')).length;
  let worker = first;
  for (let losses = 0; losses < 3; losses += 1) {
    await world.standin.waitFor(() => calls() > losses, 30_000);
    if (losses < lossesUntilKnown)
      await world.standin.waitFor(() => world.standin.inFlight() === innocents + 1, 10_000);
    worker.kill('SIGKILL');
    await worker.exited;
    worker = await world.start('worker');
  }
  return worker;
}

test('a task that kills every worker that runs it: its neighbours lose nothing more once it is known', async () => {
  const env = { GENWARDEN_CONCURRENCY: '4', GENWARDEN_HEARTBEAT_TIMEOUT: '1500ms' };
  const world = await startWorld({ env });
  const killer = await world.client.submit(anImage('killer [standin: hang]'));
  const beside = await Promise.all(
    Array.from({ length: innocents }, (_, at) =>
      world.client.submit(anImage(`innocent ${at} [standin: image small after 2s]`)),
    ),
  );
  const lastWorker = await killWhoRunsIt(world, world.first.worker);
  await world.client.wait(killer.id);
  await endsOf(world, beside, lastWorker);
  const [end, ...ends] = await Promise.all([killer, ...beside].map(({ id }) => lastOf(world.client, id)));
  const harmed = ends.filter(({ state, attemptsLost }) => state !== 'succeeded' || attemptsLost > lossesUntilKnown);
  addEdgeRow({
    fault: 'a task kills its workers, three beside it',
    ...(await outcomesOf(world.client, idsOf([killer, ...beside]))),
    innocentsHarmed: harmed.length,
    recoveredAfterMs: undefined,
  });
  expect(end).toMatchObject({ state: 'failed', reason: 'PoisonPill', attemptsLost: 3 });
  expect(ends.map(({ state, attemptsLost }) => [state, attemptsLost])).toEqual(
    ends.map(() => ['succeeded', lossesUntilKnown]),
  );
});

async function lastOf(client: GenwardenClient, job: string): Promise<Transition> {
  return (await client.history(job)).at(-1)!;
}

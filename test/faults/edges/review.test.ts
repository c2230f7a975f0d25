// Checks of results on a bad day: the check's model is out, refuses, answers nonsense, hangs or has no quota, and its worker is killed
// or drained meanwhile. No picture is lost or paid for twice, and jobs without a check notice nothing.

import { expect, it } from 'vitest';
import { mapLimit } from '../../../src/async/mapLimit.ts';
import type { Job, SubmitRequest, Task } from '../../../src/client/index.ts';
import type { Behaviour } from '../../../src/standin/standin.ts';
import { until } from '../../support/until.ts';
import { nameOf, startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';
import { faultsOf } from '../support/chain.ts';

const checker = 'gemini-2.5-flash';
const painter = 'gemini-3.1-flash-image';
const tasksEach = 5;

const checked = (prompt: string, more: object = {}): SubmitRequest => ({
  kind: 'image',
  input: { prompt },
  tasks: Array.from({ length: tasksEach }, (_, index) => ({ input: { prompt: `${prompt} ${index}` } })),
  metadata: { prompt },
  policy: { check: { prompt: `Is ${prompt} red?` }, ...more },
});

const plain = (prompt: string): SubmitRequest => ({ kind: 'image', input: { prompt } });

const answer = (text: string): Behaviour => ({
  kind: 'raw',
  body: { candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }] },
});

interface Fault {
  readonly name: string;
  readonly behaviour: Behaviour;
  /** What the messages of the tasks say. */
  readonly says: RegExp;
  readonly reason: 'CheckFailed' | 'Flagged';
  /** Paid calls of each task, with that of its picture. */
  readonly paid: number;
}

const faults: readonly Fault[] = [
  { name: 'flags', behaviour: { kind: 'flag' }, says: /^Flagged by the check: /, reason: 'Flagged', paid: 2 },
  {
    name: 'is out',
    behaviour: { kind: 'status', status: 503 },
    says: /: ProviderUnavailable: /,
    reason: 'CheckFailed',
    paid: 1,
  },
  { name: 'refuses', behaviour: { kind: 'refuse-prompt' }, says: /: PromptRefused: /, reason: 'CheckFailed', paid: 2 },
  {
    name: 'answers nonsense',
    behaviour: answer('{"looks": "fine"}'),
    says: /: OutputInvalid: /,
    reason: 'CheckFailed',
    paid: 2,
  },
  { name: 'hangs', behaviour: { kind: 'hang' }, says: /: It did not end within /, reason: 'CheckFailed', paid: 2 },
  {
    name: 'has no quota',
    behaviour: { kind: 'rate-limited', quota: 'day' },
    says: /: QuotaExhausted: /,
    reason: 'CheckFailed',
    paid: 1,
  },
];

it('a check that fails in any way costs no picture, and jobs beside it notice nothing', async () => {
  const world = await startWorld({ env: { GENWARDEN_GEMINI_MODELS: `${painter},${checker}` } });
  for (const fault of faults) await rowOf(world, fault);
});

async function rowOf(world: FaultWorld, { name, behaviour, says, reason, paid }: Fault): Promise<void> {
  const { client, standin } = world;
  standin.behaveForModel(checker, behaviour);
  const pictures = standin.requests.length;
  // A check that hangs has what the deadline leaves.
  const more = name === 'hangs' ? { deadline: '5s' } : {};
  const { id } = await client.submit(checked(name, more));
  const innocents = await Promise.all(
    Array.from({ length: 5 }, (_, at) => client.submit(plain(`beside ${name} ${at}`))),
  );
  const job = await client.wait(id);
  expect(job).toMatchObject({ state: 'needs_review', awaitsReview: true, metadata: { prompt: name } });
  for (const task of job.tasks!) {
    expect(task).toMatchObject({ state: 'needs_review', reason, run: 1, attempt: 1 });
    expect(task.message).toMatch(says);
    expect(task.usage).toMatchObject({ paidCalls: paid });
    expect(task.artifacts.map((artifact) => artifact.name)).toEqual(['image', 'thumbnail', 'metadata']);
  }
  const drawn = standin.requests.slice(pictures).filter(({ model, prompt }) => model === painter && /^\w/.test(prompt));
  expect(drawn.filter(({ prompt }) => prompt.startsWith(name))).toHaveLength(tasksEach);
  const ends = await Promise.all(innocents.map((innocent) => client.wait(innocent.id)));
  standin.behaveForModel(checker, undefined);
  await decideAll(world, job);
  const ids = [id, ...innocents.map((innocent) => innocent.id)];
  await expectLegalHistories(world, ids);
  addEdgeRow({
    fault: `the model of a check ${name}, ${tasksEach} pictures`,
    ...(await outcomesOf(client, ids)),
    innocentsHarmed: ends.filter(({ state }) => state !== 'succeeded').length,
    recoveredAfterMs: undefined,
  });
}

/** The transitions of the core make each message from the one before. */
async function expectLegalHistories(world: FaultWorld, jobs: readonly string[]): Promise<void> {
  const log = await world.log();
  for (const job of jobs) {
    const history = await log.history(job, 'default');
    const tasks = Object.values(Object.groupBy(history, ({ state }) => state.of.task));
    expect(tasks.flatMap((entries) => faultsOf(entries!))).toEqual([]);
  }
}

/** Two reviewers at once for each task: one decides, the other is told. */
async function decideAll({ client }: FaultWorld, { id, tasks = [] }: Job): Promise<void> {
  await mapLimit(5, tasks, async ({ index, run }: Task) => {
    const decided = await Promise.allSettled([
      client.review(id, index, { run, decision: 'approve' }),
      client.review(id, index, { run, decision: 'approve' }),
    ]);
    expect(decided.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
  expect((await client.wait(id)).state).toBe('succeeded');
}

it('a worker that is drained during a check reports its picture, one that is killed loses its attempt', async () => {
  const world = await startWorld({
    env: { GENWARDEN_GEMINI_MODELS: `${painter},${checker}`, GENWARDEN_DRAIN_TIMEOUT: '1s' },
  });
  const { client, standin, first } = world;
  standin.behaveForModel(checker, { kind: 'hang' });
  const checksOf = (prompt: string) =>
    until(
      () => standin.requests.filter((one) => one.model === checker && one.prompt.includes(prompt)).length === tasksEach,
      {
        what: 'the checks',
        timeoutMs: 20_000,
      },
    );
  const drained = await client.submit(checked('drained'));
  await checksOf('drained');
  first.worker.kill('SIGTERM');
  const afterDrain = await client.wait(drained.id);
  expect(afterDrain.tasks!.map(({ reason, attempt }) => [reason, attempt])).toEqual(
    Array.from({ length: tasksEach }, () => ['CheckFailed', 1]),
  );
  expect(afterDrain.tasks![0]!.message).toContain('The worker was shut down during it');

  const victim = await world.start('worker');
  const killed = await client.submit(checked('killed'));
  await checksOf('killed');
  const at = performance.now();
  victim.kill('SIGKILL');
  standin.behaveForModel(checker, undefined);
  await world.start('worker');
  const afterKill = await client.wait(killed.id);
  const recoveredAfterMs = performance.now() - at;
  expect(afterKill.state).toBe('succeeded');
  expect(afterKill.tasks!.map(({ attempt }) => attempt)).toEqual(Array.from({ length: tasksEach }, () => 2));
  const lostTo = (await client.history(killed.id)).filter(({ worker }) => worker === nameOf(victim));
  expect(new Set(lostTo.map(({ state }) => state))).toEqual(new Set(['running']));
  await decideAll(world, afterDrain);
  await expectLegalHistories(world, [drained.id, killed.id]);
  addEdgeRow({
    fault: `a worker drained and one killed during the checks of ${tasksEach} pictures each`,
    ...(await outcomesOf(client, [drained.id, killed.id])),
    innocentsHarmed: 0,
    recoveredAfterMs: Math.round(recoveredAfterMs),
  });
});

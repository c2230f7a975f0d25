// Clients submit, cancel, retry and read the same few jobs through two APIs while NATS is killed: for each job one order of
// operations explains every answer, and no client sees its job go back.

import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFailed } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { jobIdFrom } from '../../../src/job/ids.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';
import { Random } from '../../simulation/time/random.ts';
import { problemOf, wentBack, type Answer, type JobOperation, type Verb } from '../support/jobHistory.ts';

const seed = process.env['HISTORY_SEED'] ?? String(Date.now() % 1_000_000);
const replay = `HISTORY_SEED=${seed} node_modules/.bin/vitest run --project faults test/faults/quick/linearizable.test.ts`;
const clients = ['a', 'b', 'c', 'd', 'e', 'f'];
const jobs = ['one', 'two', 'three', 'four'].map((name) => `${seed}-${name}`);
const operationsEach = 90;

it('histories of concurrent clients are linearizable, through a restart of NATS', async () => {
  onTestFailed(() => console.error(`seed ${seed}; the same requests again: ${replay}`));
  const installation = await startInstallation({ processes: [] });
  const urls = await startApis(installation);
  const histories = new Map<string, JobOperation[]>(jobs.map((job) => [job, []]));
  const all = (): JobOperation[] => [...histories.values()].flat();
  const clientsDone = Promise.all(clients.map((client) => act(client, urls, histories)));
  clientsDone.catch(() => undefined);
  await until(() => all().length >= (clients.length * operationsEach) / 2, { what: 'half of it', timeoutMs: 60_000 });
  installation.nats.kill('SIGKILL');
  await installation.nats.exited;
  const givenUp = (): number => all().filter(({ answer }) => answer === undefined).length;
  await until(() => givenUp() >= clients.length, { what: 'clients to give up' });
  await installation.nats.restart();
  await clientsDone;
  for (const url of urls) for (const job of jobs) await operate('last', url, job, 'read', histories.get(job)!);

  const problems = [...histories].map(([job, history]) => ({ job, problem: problemOf(history) }));
  expect(problems).toEqual(jobs.map((job) => ({ job, problem: undefined })));
  expectActed(all());
  for (const history of histories.values()) expectCaught(history);
});

/** Declares the pool by starting and stopping a worker, and starts two APIs; their addresses. Nothing else changes a task. */
async function startApis({ start }: Installation): Promise<string[]> {
  const declarePool = async (): Promise<void> => (await start('worker')).stop();
  const startApi = async (): Promise<string> => {
    const line = await (await start('api')).waitForLine(/API on http/);
    return /API on (http:\S+?)["\s]/.exec(line)![1]!;
  };
  const [, ...urls] = await Promise.all([declarePool(), startApi(), startApi()]);
  for (const url of urls) {
    const pools = () => new GenwardenClient({ url }).pools();
    await until(async () => (await pools()).some(({ name }) => name === 'default'), { what: 'the pool to be known' });
  }
  return urls;
}

/** One client: one operation after the other, on any job, by either API. */
async function act(client: string, urls: readonly string[], histories: Map<string, JobOperation[]>): Promise<void> {
  const random = new Random(seed).fork(client);
  for (let made = 0; made < operationsEach; made += 1) {
    const job = random.pick(jobs);
    const verb = random.weighted({ submit: 1, cancel: 3, retry: 3, read: 3 });
    const answered = await operate(client, random.pick(urls), job, verb, histories.get(job)!);
    await pause(answered ? random.whole(0, 15) : 150);
  }
}

/** Records the outcome; false if it is unknown. */
async function operate(client: string, url: string, job: string, input: Verb, history: JobOperation[]) {
  const calledAt = performance.now();
  const output = await ask(url, job, input);
  const at = performance.now();
  if (output !== undefined) history.push({ client, input, calledAt, answer: { at, output } });
  // A read without an answer gives no information.
  else if (input !== 'read') history.push({ client, input, calledAt });
  return output !== undefined;
}

/** ms; the API waits longer for NATS, so an operation may still take effect after its client gave up. */
const patience = 400;

/** Undefined if no answer came, or 503: the operation may have taken effect or not. */
async function ask(url: string, key: string, verb: Verb): Promise<Answer | undefined> {
  const path = verb === 'submit' ? '' : verb === 'read' ? `/${idOf(key)}` : `/${idOf(key)}/${verb}`;
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(verb === 'submit' && { 'idempotency-key': key }) },
    body: JSON.stringify(verb === 'submit' ? anImage(key) : {}),
  };
  const signal = AbortSignal.timeout(patience);
  const answer = await fetch(`${url}/v1/jobs${path}`, { ...(verb !== 'read' && post), signal }).catch(() => undefined);
  if (answer === undefined || answer.status === 503) return undefined;
  const body = (await answer.json()) as { code?: string; tasks?: { state: string; run: number }[] };
  const [task] = body.tasks ?? [];
  if (task !== undefined) return { status: answer.status, shown: { state: task.state, run: task.run } };
  return { status: answer.status, code: body.code ?? 'none' };
}

/** The id that the API derives from tenant and key. */
const idOf = (key: string): string => jobIdFrom(createHash('sha256').update(`default\0${key}`).digest());

/** The run was meaningful: every kind of answer came, and some answers were lost. */
function expectActed(history: readonly JobOperation[]): void {
  const answers = new Set(history.map(({ input, answer }) => `${input} ${answer?.output.status ?? 'unanswered'}`));
  const wanted = ['submit 202', 'submit 200', 'cancel 200', 'retry 202', 'retry 409', 'read 200'];
  expect(wanted.filter((one) => !answers.has(one))).toEqual([]);
  const unanswered = history.filter(({ answer }) => answer === undefined).length;
  expect(unanswered).toBeGreaterThan(0);
}

/** The checker works: it rejects the same history with one wrong answer in it. */
function expectCaught(history: readonly JobOperation[]): void {
  const answered = (verb: Verb, status: number): JobOperation =>
    history.find(({ input, answer }) => input === verb && answer?.output.status === status)!;
  expect(problemOf(withoutRetries(history)), 'runs without a request').toBeDefined();
  const earlyRead = answered('read', 200).answer!.output;
  const late = history.reduce((last, { answer }) => Math.max(last, answer?.at ?? 0), 0);
  const again = (client: string, input: Verb, output: Answer): JobOperation[] => [
    ...history,
    { client, input, calledAt: late + 1, answer: { at: late + 2, output } },
  ];
  expect(wentBack(again('last', 'read', earlyRead)), 'a stale read').toBeDefined();
  expect(problemOf(again('another', 'read', earlyRead)), 'a stale read of a new client').toBeDefined();
  expect(
    problemOf(again('another', 'retry', answered('retry', 202).answer!.output)),
    'a retry done twice',
  ).toBeDefined();
}

/** Removes more acknowledged retries than all the unanswered ones could replace. */
function withoutRetries(history: readonly JobOperation[]): JobOperation[] {
  const retries = history.filter(({ input }) => input === 'retry');
  const unanswered = retries.filter(({ answer }) => answer === undefined).length;
  const begun = retries.filter(({ answer }) => answer?.output.status === 202);
  const left = new Set(begun.slice(0, unanswered + 1));
  return history.filter((one) => !left.has(one));
}

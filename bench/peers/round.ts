// One system's turn: a new server, then the same work with each number of processes.

import { until } from '../../test/support/until.ts';
import { sendLoad } from '../http/load.ts';
import { percentiles } from '../measure.ts';
import { monotonic, type Child, type Moments } from './child.ts';
import type { Contender } from './contender.ts';
import { bodyOf } from './payload.ts';

export interface Sizes {
  /** Tasks that are added, then processed. */
  readonly tasks: number;
  readonly atOnce: number;
  /** Per worker process. */
  readonly slots: number;
  /** Tasks added at a low rate. */
  readonly paced: number;
  readonly everyMs: number;
  readonly requests: number;
  readonly connections: number;
}

/** The most that any single step may take, ms. */
const patience = 300_000;

export type Figures = Record<string, number>;

/** Figures by the name of their series. */
export async function runRound(
  contender: Contender,
  processes: number,
  sizes: Sizes,
  onStep: (what: string) => void,
): Promise<Figures> {
  const children: Child[] = [];
  await using owned = new AsyncDisposableStack();
  for (let at = 0; at < processes; at += 1) children.push(owned.use(await contender.startChild()));
  onStep('add');
  const add = await addAll(children, sizes);
  await contender.verify(sizes.tasks, 'queued');
  onStep('process');
  const process = await processAll(children, sizes);
  onStep('latency');
  const latency = await pacedLatency(children, sizes);
  onStep('http');
  const http = await overHttp(contender, children, sizes);
  const total = sizes.tasks + sizes.paced + sizes.requests;
  onStep('verify');
  await contender.verify(total, 'succeeded');
  const ended = await Promise.all(children.map((child) => child.tell<number>({ do: 'stop' })));
  const sum = ended.reduce((all, one) => all + one, 0);
  if (sum !== total) throw new Error(`the workers ended ${sum} tasks instead of ${total}`);
  return { add, process, ...latency, ...http };
}

/** Requests per second of an API that only stores. */
export async function runBareRound(contender: Contender, { requests, connections }: Sizes): Promise<Figures> {
  await using api = await contender.startApi();
  await warmUp(api.url, connections);
  const { perSecond, ms } = await post(api.url, requests, connections);
  await contender.verify(requests + warmUps, 'queued');
  return { httpSubmit: perSecond, httpP50: ms.p50, httpP99: ms.p99 };
}

/** Tasks per second, added by all clients at once. */
async function addAll(clients: readonly Child[], { tasks, atOnce }: Sizes): Promise<number> {
  const start = performance.now();
  const each = Math.ceil(tasks / clients.length);
  await Promise.all(
    clients.map((client, at) => {
      const from = at * each;
      return client.tell({ do: 'add', from, count: Math.min(each, tasks - from), atOnce });
    }),
  );
  return (tasks * 1_000) / (performance.now() - start);
}

/** Tasks per second from the start of the workers to the end of the last task. */
async function processAll(workers: readonly Child[], { tasks, slots }: Sizes): Promise<number> {
  const start = monotonic();
  await Promise.all(workers.map((worker) => worker.tell({ do: 'work', slots })));
  const end = await endOf(workers, tasks);
  await Promise.all(workers.map((worker) => worker.tell({ do: 'starts' })));
  return (tasks * 1_000) / (end - start);
}

/** From add to start, ms, while the workers have nothing else to do. */
async function pacedLatency(workers: readonly Child[], { tasks, paced, everyMs }: Sizes): Promise<Figures> {
  // The first worker adds as well: at this rate both have time enough.
  const added = await workers[0]!.tell<Moments>({ do: 'pace', from: tasks, count: paced, everyMs });
  await endOf(workers, tasks + paced);
  const starts = await Promise.all(workers.map((worker) => worker.tell<Moments>({ do: 'starts' })));
  const startOf = new Map(starts.flat());
  const { p50, p99 } = percentiles(added.map(([prompt, at]) => startOf.get(prompt)! - at));
  return { latencyP50: p50, latencyP99: p99 };
}

/** Submits through the API while the workers run what arrives. */
async function overHttp(contender: Contender, workers: readonly Child[], sizes: Sizes): Promise<Figures> {
  await using api = await contender.startApi();
  const { tasks, paced, requests, connections } = sizes;
  await warmUp(api.url, connections);
  const start = monotonic();
  const { perSecond, ms } = await post(api.url, requests - warmUps, connections);
  const end = await endOf(workers, tasks + paced + requests);
  return {
    httpSubmit: perSecond,
    httpP50: ms.p50,
    httpP99: ms.p99,
    httpToEnd: ((requests - warmUps) * 1_000) / (end - start),
  };
}

const warmUps = 500;

const warmUp = (url: string, connections: number): Promise<unknown> => post(url, warmUps, connections);

async function post(url: string, count: number, connections: number) {
  const ids = new Set<string>();
  const result = await sendLoad({
    url,
    connections,
    count,
    method: 'POST',
    path: '/v1/jobs',
    body: bodyOf,
    status: 202,
    onAnswer: ({ body }) => ids.add(/"id":"([^"]+)"/.exec(body)![1]!),
  });
  if (ids.size !== count) throw new Error(`${count} requests, but ${ids.size} different ids`);
  return result;
}

/** When the last of `count` tasks ended, ms of the monotonic clock. */
async function endOf(workers: readonly Child[], count: number): Promise<number> {
  const ended = (): number => workers.reduce((sum, { progress }) => sum + progress.ended, 0);
  try {
    await until(() => ended() >= count, { what: 'tasks to end', timeoutMs: patience });
  } catch (error) {
    throw new Error(`${ended()} of ${count} tasks ended`, { cause: error });
  }
  return Math.max(...workers.map(({ progress }) => progress.at));
}

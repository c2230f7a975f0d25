// The informer under all faults of the API server and the network: it keeps running and misses no change for long.
import { longAgo, monotonicFrom } from '../../../src/job/time.ts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { KubeError } from '../../../src/ports/kubernetes.ts';
import { informerFactory } from '../../../src/adapters/kubernetes/informer.ts';
import type { InformerTimes } from '../../../src/adapters/kubernetes/reflector.ts';
import { createProblems } from '../../../src/operator/problems.ts';
import { createOperatorMetrics } from '../../../src/telemetry/metrics.ts';
import { FakeCluster } from '../../fakes/cluster.ts';
import { until } from '../../support/until.ts';

const type = { group: 'genwarden.dev', version: 'v1alpha1', kind: 'WorkerPool', plural: 'workerpools' };
const quick = { backoffMs: 1, maxBackoffMs: 10, settleMs: 5 };
const at = (name: string, namespace = 'one') => ({ metadata: { name, namespace } });
const away = new KubeError(0, 'Unreachable', 'connect ECONNREFUSED');

function stage(
  { namespaces = [], ...times }: Partial<InformerTimes> & { namespaces?: string[] } = {},
  cluster = new FakeCluster(),
) {
  const metrics = createOperatorMetrics(new Registry());
  const problems = createProblems();
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const reported: string[] = [];
  const clock = { monotonic: () => monotonicFrom(performance.now()) };
  const parts = { cluster, reportProblem: problems.report, logger, metrics, clock, jitter: () => 0 };
  const informer = informerFactory(parts, { ...quick, ...times })({
    type,
    namespaces,
    onChange: ({ metadata }, change) => {
      reported.push(`${change} ${metadata.name}`);
      if (metadata.name === 'thrower') throw new Error('a bad listener');
    },
    signal: stop.signal,
  });
  const missed = async (): Promise<number> => (await metrics.missedEvents.get()).values[0]?.value ?? 0;
  const lists = (): number => cluster.calls.filter(({ verb }) => verb === 'list').length;
  const watching = (): Promise<boolean> => until(() => cluster.openWatches > 0, { what: 'a watch', intervalMs: 1 });
  const reports = (event: string): Promise<boolean> =>
    until(() => reported.includes(event), { what: event, intervalMs: 1 });
  const names = (): string[] =>
    informer
      .list()
      .map(({ metadata }) => metadata.name)
      .toSorted();
  return { cluster, informer, reported, reports, watching, lists, missed, problems, lines, stop, names };
}

test('caches existing objects, then reports each change after caching it', async () => {
  const cluster = new FakeCluster();
  cluster.put(type, { ...at('a'), spec: { paused: false } });
  const { informer, reported, reports, watching } = stage({}, cluster);
  expect([informer.synced(), informer.listedAt()]).toEqual([false, longAgo]);
  await informer.untilSynced();
  expect(informer.synced()).toBe(true);
  expect(informer.listedAt() <= monotonicFrom(performance.now())).toBe(true);
  await watching();
  cluster.put(type, { ...at('a'), spec: { paused: true } });
  await reports('modified a');
  expect(informer.get({ namespace: 'one', name: 'a' })?.spec).toEqual({ paused: true });
  cluster.put(type, at('b'));
  cluster.remove(type, { namespace: 'one', name: 'a' });
  await reports('deleted a');
  expect(reported).toEqual(['added a', 'modified a', 'added b', 'deleted a']);
  expect(informer.get({ namespace: 'one', name: 'a' })).toBeUndefined();
});

test('several namespaces share one cache, which excludes all others', async () => {
  const cluster = new FakeCluster();
  for (const namespace of ['one', 'two', 'three']) cluster.put(type, at(`in-${namespace}`, namespace));
  const { informer, names, cluster: same } = stage({ namespaces: ['one', 'two', 'one'] }, cluster);
  await informer.untilSynced();
  expect(names()).toEqual(['in-one', 'in-two']);
  await until(() => same.openWatches === 2, { what: 'a watch each' });
});

test('a watch that ends or breaks resumes from its last version, without a new list', async () => {
  const { cluster, reports, watching, lists, missed } = stage();
  await watching();
  for (const [index, error] of [undefined, away, new KubeError(500, 'InternalError', 'oops')].entries()) {
    cluster.endWatches(error);
    cluster.put(type, at(`meanwhile-${index}`));
    await reports(`added meanwhile-${index}`);
    await watching();
  }
  expect([lists(), await missed()]).toEqual([1, 0]);
});

test('an expired version leads to a new list, which reports the differences', async () => {
  const cluster = new FakeCluster();
  cluster.put(type, at('old'));
  const { reported, reports, watching, lists, informer } = stage({}, cluster);
  await watching();
  const first = informer.listedAt();
  cluster.fail(away, { times: 2, matches: ({ verb }) => verb === 'watch' });
  cluster.endWatches();
  cluster.remove(type, { namespace: 'one', name: 'old' });
  cluster.put(type, at('new'));
  cluster.compact();
  await reports('added new');
  expect(reported).toEqual(['added old', 'deleted old', 'added new']);
  expect(lists()).toBe(2);
  expect(informer.listedAt() > first).toBe(true);
});

test('waits for an API server that is unreachable for long, at the start and later', async () => {
  const cluster = new FakeCluster();
  cluster.away();
  const { reports, problems, informer, lists, watching, lines } = stage({}, cluster);
  await until(() => lists() > 5, { what: 'several tries' });
  expect(problems.list()).toEqual(['Cannot list workerpools.genwarden.dev: connect ECONNREFUSED']);
  expect(lines.length).toBeLessThan(lists());
  cluster.back();
  await informer.untilSynced();
  expect(problems.list()).toEqual([]);
  await watching();
  cluster.away();
  cluster.put(type, at('meanwhile'));
  const before = cluster.calls.length;
  await until(() => cluster.calls.length > before + 5, { what: 'several tries of the watch' });
  cluster.back();
  await reports('added meanwhile');
});

test('a silent watch is replaced, and the new one delivers what it withheld', async () => {
  const { cluster, reports, watching, lists } = stage({ silenceMs: 40 });
  await watching();
  // Open, but dead.
  cluster.dropEvents(1);
  cluster.put(type, at('withheld'));
  await reports('added withheld');
  expect(lists()).toBe(1);
});

test('bookmarks advance the version, so that the version of a quiet watch does not expire', async () => {
  const { cluster, watching, lists, reports } = stage();
  await watching();
  cluster.put({ ...type, plural: 'others' }, at('of another kind'));
  cluster.bookmark();
  cluster.compact();
  cluster.endWatches();
  cluster.put(type, at('a'));
  await reports('added a');
  expect(lists()).toBe(1);
});

test('a periodic list finds and counts changes that the watch missed, and restarts the watch', async () => {
  const cluster = new FakeCluster();
  cluster.put(type, { ...at('changes'), spec: { n: 1 } });
  cluster.put(type, at('goes'));
  const { informer, reported, reports, watching, missed, names, lines } = stage(
    { relistMs: 60, silenceMs: 60_000 },
    cluster,
  );
  await watching();
  const before = informer.listedAt();
  cluster.dropEvents(3);
  cluster.put(type, { ...at('changes'), spec: { n: 2 } });
  cluster.remove(type, { namespace: 'one', name: 'goes' });
  cluster.put(type, at('comes'));
  await reports('added comes');
  expect(reported.toSorted()).toEqual([
    'added changes',
    'added comes',
    'added goes',
    'deleted goes',
    'modified changes',
  ]);
  expect(names()).toEqual(['changes', 'comes']);
  expect(await missed()).toBe(3);
  expect(lines.some((line) => line.includes('the watch missed'))).toBe(true);
  expect(informer.listedAt() > before).toBe(true);
  const watches = (): number => cluster.calls.filter(({ verb }) => verb === 'watch').length;
  await until(() => watches() === 2, { what: 'a new watch' });
  cluster.put(type, at('after'));
  await reports('added after');
  expect(await missed()).toBe(3);
});

test('a periodic list during many changes counts none of them as missed', async () => {
  const { cluster, informer, missed, watching, names } = stage({ relistMs: 5 });
  await watching();
  let round = 0;
  const first = informer.listedAt();
  await until(
    () => {
      round += 1;
      cluster.put(type, { ...at(`n${round % 7}`), spec: { round } });
      cluster.remove(type, { namespace: 'one', name: `n${(round + 3) % 7}` });
      return round > 150 && informer.listedAt() > first;
    },
    { what: 'many changes between lists', intervalMs: 1 },
  );
  await until(
    () =>
      names().join() ===
      cluster
        .all(type)
        .map(({ metadata }) => metadata.name)
        .toSorted()
        .join(),
    {
      what: 'the cache to be like the server',
    },
  );
  expect(await missed()).toBe(0);
});

test('a kind that is not installed is reported with its catalogue error, and read once it is installed', async () => {
  const cluster = new FakeCluster();
  cluster.install(type, false);
  const { informer, problems, lines, lists } = stage({}, cluster);
  await until(() => lists() > 3, { what: 'several tries' });
  expect(problems.list()).toEqual([
    expect.stringMatching(
      /^The API server does not have the resource type workerpools.genwarden.dev. Install the chart with `crds.enabled`/,
    ),
  ]);
  expect(lines[0]).toContain('"code":"CustomResourcesMissing"');
  expect(informer.synced()).toBe(false);
  cluster.install(type, true);
  await informer.untilSynced();
  expect(problems.list()).toEqual([]);
});

test('a kind that is uninstalled later is reported too', async () => {
  const { cluster, problems, watching } = stage();
  await watching();
  cluster.install(type, false);
  cluster.endWatches();
  await until(() => problems.list().length > 0, { what: 'the problem' });
  cluster.install(type, true);
  await until(() => problems.list().length === 0, { what: 'it to be over' });
});

test.each([
  ['an object without a name', { event: 'modified', object: { metadata: { uid: 'u', resourceVersion: '999' } } }],
  ['no object', { event: 'added' }],
  ['an unknown event', { event: undefined, object: at('x') }],
])('a watch survives %s', async (_what, event) => {
  const { cluster, watching, reports, informer } = stage();
  await watching();
  cluster.sendRaw(type, event);
  cluster.put(type, at('after'));
  await reports('added after');
  expect(informer.list()).toHaveLength(1);
});

test('a change handler that throws does not end the informer', async () => {
  const { cluster, reports, watching, lines } = stage();
  await watching();
  cluster.put(type, at('thrower'));
  cluster.put(type, at('next'));
  await reports('added next');
  expect(lines.some((line) => line.includes('a bad listener'))).toBe(true);
});

test('an object that was deleted and recreated under the same name is reported as deleted and added', async () => {
  const { cluster, reported, reports, watching } = stage();
  cluster.put(type, at('again'));
  await watching();
  await reports('added again');
  const first = cluster.peek(type, { namespace: 'one', name: 'again' })!;
  cluster.dropEvents(1);
  cluster.remove(type, first.metadata);
  cluster.put(type, at('again'));
  await until(() => reported.length === 3, { what: 'the end of the first, the start of the second' });
  expect(reported).toEqual(['added again', 'deleted again', 'added again']);
});

test('an abort closes the watches and rejects untilSynced', async () => {
  const cluster = new FakeCluster();
  cluster.install(type, false);
  const { informer, stop, problems } = stage({}, cluster);
  const waiting = informer.untilSynced();
  stop.abort(new Error('the term is over'));
  await expect(waiting).rejects.toThrow('the term is over');
  await until(() => problems.list().length === 0, { what: 'its problem to be cleared' });
  const other = stage();
  await other.watching();
  other.stop.abort();
  await until(() => other.cluster.openWatches === 0, { what: 'the watch to close' });
});

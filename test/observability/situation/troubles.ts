// The parts of the shared situation in which something is out of order: a provider, keys, a worker, a budget, the storage and the
// leading controller.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { SubmitRequest } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { leaderIn } from './leader.ts';
import { models } from './pools.ts';
import type { Stage } from './stage.ts';

const patience = { timeoutMs: 90_000 };
const long = { attemptTimeout: '1h', runTimeout: '2h', queueTimeout: '2h' };

const image = (pool: string, prompt: string, over: Partial<SubmitRequest> = {}): SubmitRequest => ({
  kind: 'image',
  pool,
  input: { prompt },
  ...over,
});

/** Jobs wait for the end of an outage, or move to another pool; then the provider works again. */
export async function outage({ site, client, ledger, prometheus }: Stage): Promise<void> {
  const waiting = await ledger.submit(image('photos', 'A greenhouse', { tasks: [{ name: 'wide' }, { name: 'near' }] }));
  const isOut = async (): Promise<boolean> =>
    (await client.pools()).some(({ name, outages }) => name === 'photos' && outages.length > 0);
  await until(isOut, { what: 'the outage', ...patience });
  const fallback = [{ pool: 'default', model: models.quick }];
  await ledger.finish(image('photos', 'A cold frame', { policy: { fallback } }));
  const isSeen = async (): Promise<boolean> => (await prometheus.total('genwarden_provider_outage')) === 1;
  await until(isSeen, { what: 'the outage in Prometheus', ...patience });
  site.standin.behaveForModel(models.out, undefined);
  await client.wait(waiting);
  await until(async () => !(await isOut()), { what: 'the end of the outage', ...patience });
}

export async function unusableKeys({ client, ledger }: Stage): Promise<void> {
  await ledger.submit(image('drafts', 'Sketches of benches', { tasks: [{ name: 'oak' }, { name: 'stone' }] }));
  const areBlocked = async (): Promise<boolean> => {
    const { keys } = (await client.pools()).find(({ name }) => name === 'drafts')!;
    return keys.every(({ state, models: limited }) => state === 'refused' || limited.length > 0);
  };
  await until(areBlocked, { what: 'keys that cannot be used', ...patience });
}

/** A worker dies with two tasks, which another worker ends. */
export async function lostWorker({ site, client, ledger, prometheus }: Stage): Promise<void> {
  // Each prompt hangs once.
  const tasks = ['left', 'right'].map((side) => ({ name: side, input: { prompt: `Espaliers on the ${side}` } }));
  const job = await ledger.submit(image('studio', 'Espaliers', { tasks, policy: long }));
  const running = async (): Promise<boolean> => (await client.get(job)).progress.running === 2;
  await until(running, { what: 'two tasks that hang', ...patience });
  await until(() => site.standin.requests.filter(({ prompt }) => prompt.includes('Espaliers')).length === 2, {
    what: 'their calls',
    ...patience,
  });
  const lost = site.workers.get('studio')!;
  await prometheus.scraped();
  lost.kill('SIGKILL');
  await lost.exited;
  await site.startWorker('studio');
  await prometheus.setTargets(site.targets());
  await client.wait(job);
}

/** The pool is paused with a queue, and a task that hangs. */
export async function pausedPool({ client, ledger }: Stage): Promise<void> {
  const hanging = await ledger.submit(image('nightly', 'One poster [standin: hang]', { policy: long }));
  await until(async () => (await client.get(hanging)).state === 'running', {
    what: 'the task that hangs',
    ...patience,
  });
  await client.pausePool('nightly');
  for (const page of ['cover', 'spring', 'back']) await ledger.submit(image('nightly', `Catalogue, ${page}`));
}

export async function spentBudget({ client, ledger }: Stage): Promise<void> {
  await ledger.finish(image('thrifty', 'The one picture of the day'));
  const blocked = await ledger.submit(image('thrifty', 'The picture of tomorrow', { policy: { queueTimeout: '48h' } }));
  const isBlocked = async (): Promise<boolean> => (await client.get(blocked)).waitingFor?.reason === 'BudgetExhausted';
  await until(isBlocked, { what: 'the budget', ...patience });
}

/** Tasks that wait for a worker, for their next attempt and for another task. */
export async function waits({ client, ledger }: Stage): Promise<void> {
  for (const herb of ['sage', 'thyme', 'mint']) await ledger.submit(image('partner', herb, { policy: long }));
  const backoff = { initial: '30m', max: '30m' };
  const job = await ledger.submit(
    image('default', 'A pond with reeds [standin: nonsense]', {
      tasks: [{ name: 'first' }, { name: 'second', after: ['first'] }],
      policy: { ...long, backoff },
    }),
  );
  await until(async () => (await client.get(job)).tasks?.[0]?.state === 'waiting', {
    what: 'the backoff',
    ...patience,
  });
}

/** The stream takes no more jobs until its limit is raised. */
export async function fullQueue({ site, ledger, prometheus }: Stage): Promise<void> {
  const connection = await connect({ servers: site.nats.url });
  try {
    const { streams } = await jetstreamManager(connection);
    const { config, state } = await streams.info('genwarden_tasks');
    await streams.update('genwarden_tasks', { ...config, max_bytes: state.bytes + 1 });
    const another = async (): Promise<string | undefined> =>
      (await ledger.post(image('partner', 'One too many', { policy: long }))).code;
    await until(async () => (await another()) === 'StorageFull', {
      what: 'a refused submit',
      intervalMs: 200,
      ...patience,
    });
    const isSeen = async (): Promise<boolean> => (await prometheus.total('genwarden_storage_full')) > 0;
    await until(isSeen, { what: 'the full storage in Prometheus', ...patience });
    await streams.update('genwarden_tasks', config);
    await until(async () => (await another()) === undefined, {
      what: 'an accepted submit',
      intervalMs: 200,
      ...patience,
    });
    await until(async () => !(await isSeen()), { what: 'the end of the full storage in Prometheus', ...patience });
  } finally {
    await connection.close();
  }
}

/** The leading controller is killed, and the standby leads. */
export async function controllerChange({ site, ledger, prometheus }: Stage): Promise<void> {
  const before = await until(() => leaderIn(prometheus), { what: 'a leader in Prometheus', ...patience });
  await prometheus.scraped();
  const leading = site.processOf(before);
  leading.kill('SIGKILL');
  await leading.exited;
  await prometheus.setTargets(site.targets());
  const hasAnother = async (): Promise<boolean> => ![undefined, before].includes(await leaderIn(prometheus));
  await until(hasAnother, { what: `a leader after ${before}`, ...patience });
  await Promise.all([1, 2, 3].map((at) => ledger.finish(image('default', `After the change, ${at}`))));
}

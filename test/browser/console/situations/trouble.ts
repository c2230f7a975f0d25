// What an engineer on call looks for: a provider that is out, keys that cool down or are refused, a paused pool, a draining and a
// lost worker, a task that hangs, and one that is overdue.

import type { Pool } from '../../../../src/client/index.ts';
import { until } from '../../../support/until.ts';
import type { TestProcess } from '../../../support/process.ts';
import type { Site } from '../../../support/site/site.ts';
import { models } from './pools.ts';

const patience = { timeoutMs: 60_000 };

async function untilPool({ client }: Site, name: string, what: string, fits: (pool: Pool) => boolean): Promise<void> {
  const pool = async (): Promise<boolean> => (await client.pools()).some((one) => one.name === name && fits(one));
  await until(pool, { what, ...patience });
}

/** Jobs of the pool `photos` wait for the end of its provider's outage. */
export async function outage(site: Site): Promise<string> {
  const { id } = await site.client.submit({
    kind: 'image',
    pool: 'photos',
    input: { prompt: 'A greenhouse at night, lit from inside' },
    tasks: [{ name: 'wide' }, { name: 'detail' }],
    policy: { queueTimeout: '2h' },
  });
  await untilPool(site, 'photos', 'the outage', ({ outages }) => outages.length > 0);
  return id;
}

/** Of the keys of the pool `drafts`, one cools down, one has used up its quota, and one is refused. */
export async function coolingKeys(site: Site): Promise<string> {
  const { id } = await site.client.submit({
    kind: 'image',
    pool: 'drafts',
    input: { prompt: 'Sketches of garden benches' },
    tasks: [{ name: 'oak' }, { name: 'steel' }, { name: 'stone' }],
  });
  const blocked = ({ state, models: limited }: Pool['keys'][number]): boolean =>
    state === 'refused' || limited.length > 0;
  await untilPool(site, 'drafts', 'keys that cannot be used', ({ keys }) => keys.every(blocked));
  return id;
}

/**
 * The pool `nightly` is paused with jobs in its queue. One of its workers drains while its task hangs; another has taken its place.
 */
export async function pausedPool(site: Site): Promise<{ hanging: string; queued: string[]; draining: TestProcess }> {
  const { client } = site;
  const draining = site.workers.get('nightly')!;
  const policy = { attemptTimeout: '1h', runTimeout: '2h' };
  const input = { prompt: 'The whole catalogue as one poster' };
  const submitted = await client.submit({ kind: 'image', pool: 'nightly', model: models.hanging, input, policy });
  const hanging = submitted.id;
  await until(async () => (await client.get(hanging)).state === 'running', {
    what: 'the task that hangs',
    ...patience,
  });
  await client.pausePool('nightly');
  const queued: string[] = [];
  for (const page of ['cover', 'spring sale', 'back cover']) {
    const request = { kind: 'image', pool: 'nightly', input: { prompt: `Catalogue, ${page}` } } as const;
    queued.push((await client.submit(request)).id);
  }
  draining.kill('SIGTERM');
  await until(async () => (await client.workers()).some((one) => one.draining), {
    what: 'a draining worker',
    ...patience,
  });
  await site.startWorker('nightly');
  return { hanging, queued, draining };
}

/** A worker of the pool `photos` is killed; the pool keeps another one. */
export async function loseWorker(site: Site): Promise<void> {
  const lost = site.workers.get('photos')!;
  await site.startWorker('photos');
  lost.kill('SIGKILL');
  await lost.exited;
  const isListed = async (): Promise<boolean> => (await site.client.workers()).some(({ state }) => state === 'lost');
  await until(isListed, { what: 'the lost worker', ...patience });
}

/** Nothing changes a task any more: it stays queued beyond its time. */
export async function overdueTask(site: Site): Promise<string> {
  const { client, controller } = site;
  controller.kill('SIGKILL');
  await controller.exited;
  const { id } = await client.submit({
    kind: 'image',
    pool: 'partner',
    input: { prompt: 'A wooden bridge over the pond' },
    policy: { queueTimeout: '1s' },
  });
  const listed = async (): Promise<boolean> => (await client.stuck()).items.some(({ job }) => job === id);
  await until(listed, { what: 'the overdue task', ...patience });
  return id;
}

// What the tests of full storage share: `genwarden dev` on a small disk, everything that reports full storage, and what became of
// the jobs.

import { fileURLToPath } from 'node:url';
import { GenwardenApiError, GenwardenClient, type Job } from '../../../src/client/index.ts';
import { freePort } from '../../support/freePorts.ts';
import { anImage } from '../../support/installation.ts';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';
import type { EdgeRow } from './edgeRows.ts';

export const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));

export type Submitted = Pick<Job, 'id'>;

export interface Dev {
  readonly dev: TestProcess;
  readonly client: GenwardenClient;
  /** The address of the API's metrics. */
  readonly metrics: string;
}

export async function startDevOn(path: string): Promise<Dev> {
  const port = await freePort();
  const env = {
    GENWARDEN_DATA_DIR: `${path}/data`,
    GENWARDEN_HTTP_PORT: String(port),
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_NATS_SERVER: undefined,
  };
  const dev = await startProcess(program, ['dev'], { env, readyWhen: /ready: try/, timeoutMs: 30_000 });
  const [metrics] = dev.lines.flatMap((line) => /"api".*metrics on (http:[^"]+)"/.exec(line)?.[1] ?? []);
  return { dev, client: new GenwardenClient({ url: `http://127.0.0.1:${port}` }), metrics: metrics! };
}

export async function isRefused(client: GenwardenClient): Promise<boolean> {
  try {
    const { id } = await client.submit(anImage('refused?'), { giveUpAfterMs: 1 });
    await client.cancel(id);
    return false;
  } catch (error) {
    if (error instanceof GenwardenApiError && error.code === 'StorageFull') return true;
    throw error;
  }
}

export interface Told {
  readonly get: string;
  readonly explain: string;
  readonly stuck: string;
  readonly doctor: string;
  readonly metric: string;
}

interface Listener {
  readonly client: GenwardenClient;
  readonly job: string;
  readonly metrics: string;
}

/** What each of them says about full storage; undefined until all of them say something. */
export async function tellsOf({ client, job, metrics }: Listener): Promise<Told | undefined> {
  const found = await client.get(job);
  const explained = await client.explain(job);
  const stuck = (await client.stuck({ olderThan: '1s' })).items.find((task) => task.job === job);
  const { checks } = await client.doctor();
  const check = checks.find(({ name }) => name === 'storage');
  const shown = (await (await fetch(metrics)).text())
    .split('\n')
    .find((line) => /^genwarden_storage_full.* 1$/.test(line));
  if (found.waitingFor?.reason !== 'StorageFull' || stuck?.cause !== 'StorageFull' || check?.ok !== false)
    return undefined;
  if (shown === undefined) return undefined;
  const withoutTime = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<time>');
  return {
    get: withoutTime(found.waitingFor.detail),
    explain: withoutTime(explained.summary),
    stuck: withoutTime(stuck.summary),
    doctor: check.says,
    metric: shown,
  };
}

/** Call it when there is room again: waits for the jobs and for a submit to be accepted. */
export async function recovered(client: GenwardenClient, jobs: readonly Submitted[]): Promise<Omit<EdgeRow, 'fault'>> {
  const freedAt = Date.now();
  await until(async () => !(await isRefused(client)), { what: 'a submit to be accepted', timeoutMs: 30_000 });
  const ended = await Promise.all(jobs.map(({ id }) => client.wait(id)));
  const recoveredAfterMs = Date.now() - freedAt;
  const late = await Promise.all(jobs.map(({ id }) => lateness(client, id, freedAt)));
  return {
    jobs: jobs.length,
    terminal: ended.filter(({ state }) => ['succeeded', 'failed', 'cancelled'].includes(state)).length,
    lost: ended.filter(({ state, tasks }) => state === 'failed' && tasks![0]!.reason !== 'AttemptTimeout').length,
    overdueMs: Math.max(0, ...late),
    innocentsHarmed: ended.filter(({ tasks }) => tasks!.some(({ attempt }) => attempt > 1)).length,
    recoveredAfterMs,
  };
}

/** How long after its `dueAt`, or after there was room for it, the task's last status was stored, ms. */
async function lateness(client: GenwardenClient, job: string, freedAt: number): Promise<number> {
  const [last, before] = (await client.history(job)).toReversed();
  if (last === undefined || before === undefined || before.dueAt === null) return 0;
  return Date.parse(last.at) - Math.max(Date.parse(before.dueAt), freedAt);
}

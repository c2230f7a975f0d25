// The operator under load: the cost of a thousand resources in etcd, and an API server that hangs in the middle.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from '../support/genwarden.ts';
import { apply, kubectl, listObjects, type Any } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { faultValues } from './installation.ts';
import { smallPicture } from './load.ts';
import { stopFor } from './node.ts';

const namespace = testNamespace('operator');
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, {
    ...faultValues,
    standin: { enabled: true, latency: '100ms' },
    defaultPool: { replicas: 3, concurrency: 16 },
  });
});
afterAll(() => genwarden?.uninstall());

test(
  '1,000 jobs of the API leave nothing in etcd; 1,000 GenerationJobs few writes and bytes',
  { timeout: 600_000 },
  async () => {
    const ofApi = await costOf(async () => {
      const made: string[] = [];
      const submit = async (): Promise<void> => {
        while (made.length < 1_000) {
          const index = made.push('') - 1;
          made[index] = (await genwarden.client.submit(aBody(`api ${index}`))).id;
        }
      };
      await Promise.all(Array.from({ length: 16 }, submit));
      for (const job of made) await genwarden.client.wait(job);
    });
    const ofResources = await costOf(async () => {
      for (let batch = 0; batch < 10; batch += 1) {
        await apply(
          Array.from({ length: 100 }, (_, at) => aResource(`many-${batch}-${at}`)),
          namespace,
          '--server-side',
        );
      }
      await untilFinished('many', 1_000);
    });
    const resources = await resourcesNamed('many');
    const bytes = resources.map((one) => Buffer.byteLength(JSON.stringify(one))).toSorted((a, b) => a - b);
    const statusBytes = resources
      .map(({ status }) => Buffer.byteLength(JSON.stringify(status)))
      .toSorted((a, b) => a - b);
    console.log(
      JSON.stringify(
        { ofApi, ofResources, objectBytes: spread(bytes), statusBytes: spread(statusBytes) },
        undefined,
        1,
      ),
    );
    expect(ofApi).toEqual({ objects: 0, statusWrites: 0, creates: 0 });
    expect(ofResources).toMatchObject({ objects: 1_000, creates: expect.any(Number) });
    expect(ofResources.statusWrites).toBeLessThanOrEqual(5_000);
    expect(statusBytes.at(-1)).toBeLessThanOrEqual(4_096);
    await kubectl('delete', 'gj', '-n', namespace, '-l', 'set=many', '--wait=false');
  },
);

test('the API server hangs in the middle of 100 GenerationJobs: each runs, once', { timeout: 400_000 }, async () => {
  await apply(
    Array.from({ length: 100 }, (_, at) => aResource(`away-${at}`, 2_000)),
    namespace,
    '--server-side',
  );
  await until(async () => (await countOf('away', 'Accepted')) >= 10, { what: 'ten accepted', timeoutMs: 60_000 });
  const during = stopFor('kube-apiserver', 60_000);
  const overHttp = await genwarden.client.submit(aBody('while the API server hangs'));
  expect(await genwarden.client.wait(overHttp.id, { giveUpAfterMs: 30_000 })).toMatchObject({ state: 'succeeded' });
  await during;
  await untilFinished('away', 100);
  const jobs = new Set((await resourcesNamed('away')).map(({ status }) => status.jobId as string));
  expect(jobs.size).toBe(100);
  // For some seconds, a node that could not renew its lease counts as lost and its pods as not ready.
  const patience = { what: 'an answer through the Service', timeoutMs: 60_000, intervalMs: 500 };
  expect(await until(() => succeededOf(namespace, 'away'), patience)).toBe(100);
});

const aBody = (what: string, afterMs = 100) => ({
  kind: 'image' as const,
  input: { prompt: `${what} ${smallPicture(afterMs)}` },
});

const aResource = (name: string, afterMs = 100): Any => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'GenerationJob',
  metadata: { name, labels: { set: name.split('-')[0]! } },
  spec: aBody(name, afterMs),
});

const resourcesNamed = (set: string): Promise<Any[]> => listObjects('gj', namespace, `set=${set}`);

const holds = (object: Any, condition: string): boolean =>
  object['status']?.conditions?.some(
    (one: { type: string; status: string }) => one.type === condition && one.status === 'True',
  ) ?? false;

const countOf = async (set: string, condition: string): Promise<number> =>
  (await resourcesNamed(set)).filter((one) => holds(one, condition)).length;

const untilFinished = (set: string, count: number): Promise<unknown> =>
  until(async () => (await countOf(set, 'Finished')) === count, {
    what: `${count} finished resources`,
    timeoutMs: 300_000,
    intervalMs: 2_000,
  });

/** The number of the tenant's jobs with the label in the API; a second job for one resource would be counted. */
async function succeededOf(tenant: string, set: string): Promise<number> {
  const { url, token } = genwarden;
  const ofTenant: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), 'genwarden-namespace': tenant } });
  let count = 0;
  for await (const job of new GenwardenClient({ url, token, fetch: ofTenant }).list({ labels: { set } })) {
    if (job.state === 'succeeded') count += 1;
  }
  return count;
}

interface Cost {
  readonly objects: number;
  readonly statusWrites: number;
  readonly creates: number;
}

/** The requests for our kinds that the API server counted during an action. */
async function costOf(what: () => Promise<void>): Promise<Cost> {
  const before = await counts();
  await what();
  const after = await counts();
  return {
    objects: after.objects - before.objects,
    statusWrites: after.statusWrites - before.statusWrites,
    creates: after.creates - before.creates,
  };
}

async function counts(): Promise<Cost> {
  const page = await kubectl('get', '--raw', '/metrics');
  const ours = page
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{') && line.includes('resource="generationjobs"'));
  const sum = (fits: (line: string) => boolean): number =>
    ours.filter(fits).reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  const writes = /verb="(?:APPLY|PATCH|PUT|POST)"/;
  return {
    objects: (await listObjects('gj', namespace)).length,
    statusWrites: sum((line) => line.includes('subresource="status"') && writes.test(line)),
    creates: sum((line) => line.includes('subresource=""') && writes.test(line)),
  };
}

const spread = (sorted: readonly number[]) => ({ p50: sorted[sorted.length >> 1], max: sorted.at(-1) });

// GenerationJobs in the queues of a real Kueue: they wait for quota, are admitted by priority, preempted and resumed, and give
// their quota back. The operator has the rights of the chart, and is killed once in the middle.

import { beforeAll, expect, test } from 'vitest';
import { markdownTable } from '../../support/markdownTable.ts';
import { until } from '../../support/until.ts';
import { applyDefinitions } from '../support/genwarden.ts';
import { aJob, aScene, conditions, type Scene } from '../support/jobScene.ts';
import { apply, getObject, kubectl, listObjects, untilObject, type Any } from '../support/kubectl.ts';
import { operatorKubeconfig, startKueue } from './kueue.ts';
import { smallPicture } from './load.ts';

const quota = 5;
let scene: Scene;
let team: string;

beforeAll(applyDefinitions);

const kind = (name: string, rest: object, of = 'ClusterQueue'): Any => ({
  apiVersion: 'kueue.x-k8s.io/v1beta2',
  kind: of,
  metadata: { name },
  ...rest,
});

const queues = [
  kind('generation', { spec: {} }, 'ResourceFlavor'),
  kind('low', { value: 10 }, 'WorkloadPriorityClass'),
  kind('urgent', { value: 1_000 }, 'WorkloadPriorityClass'),
  kind('generation', {
    spec: {
      namespaceSelector: {},
      preemption: { withinClusterQueue: 'LowerPriority' },
      resourceGroups: [
        {
          coveredResources: ['genwarden.dev/tasks'],
          flavors: [{ name: 'generation', resources: [{ name: 'genwarden.dev/tasks', nominalQuota: quota }] }],
        },
      ],
    },
  }),
  kind('team-a', { spec: { clusterQueue: 'generation' } }, 'LocalQueue'),
  // Adds requests to containers, of which a Workload has none.
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'defaults' },
    spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '1' }, default: { cpu: '2' }, min: { cpu: '10m' } }] },
  },
];

/** Its calls take `ms` each. */
function queued(name: string, tasks: number, priority: string, ms: number, queue = 'team-a'): Any {
  const job = aJob(name, {
    input: { prompt: `${name} ${smallPicture(ms)}` },
    tasks: Array.from({ length: tasks }, (_, at) => ({ name: `part-${at}` })),
  });
  const labels = { 'kueue.x-k8s.io/queue-name': queue, 'kueue.x-k8s.io/priority-class': priority };
  return { ...job, metadata: { name, labels } };
}

let begun = 0;
const timeline: string[][] = [];
const seen = new Map<string, string>();

/** One line for each change of a job, with the tasks that the quota counts. */
async function look(): Promise<Map<string, Any>> {
  const [jobs, queue] = await Promise.all([listObjects('gj', team), getObject('clusterqueue', 'generation', team)]);
  const used = usedBy(queue);
  for (const { metadata, status = {} } of jobs) {
    const why = status.conditions?.find(({ type }: { type: string }) => type === 'Suspended');
    const text = `${status.state ?? 'new'} ${status.tasks?.done ?? ''} ${why?.reason ?? ''}`;
    if (seen.get(metadata.name) === text) continue;
    seen.set(metadata.name, text);
    const at = ((performance.now() - begun) / 1_000).toFixed(1);
    timeline.push([
      metadata.name,
      at,
      status.state ?? '',
      status.tasks?.done ?? '',
      why?.reason ?? '',
      String(used),
      (why?.message ?? '').slice(0, 60),
    ]);
  }
  return new Map(jobs.map((job) => [job['metadata'].name, job]));
}

const usedBy = ({ status }: Any): number => Number(status?.flavorsReservation?.[0]?.resources?.[0]?.total ?? 0);

/** By the name of the job. */
const untilAll = (wanted: Record<string, string>): Promise<Map<string, Any>> =>
  until(
    async () => {
      const jobs = await look();
      return Object.entries(wanted).every(([name, state]) => stateOf(jobs.get(name)) === state) && jobs;
    },
    { what: JSON.stringify(wanted), timeoutMs: 300_000, intervalMs: 200 },
  );

/** The state; of a suspended job the reason. */
function stateOf(job: Any | undefined): string | undefined {
  const status = job?.['status'];
  return status?.state === 'suspended' ? status.reason : status?.state;
}

test('jobs in the queues of Kueue', { timeout: 1_800_000 }, async () => {
  scene = await aScene();
  team = scene.namespace;
  const version = await startKueue();
  const env = { KUBECONFIG: await operatorKubeconfig(team) };
  const operator = await scene.startOperator(env);
  await scene.startWorker({ GENWARDEN_CONCURRENCY: '16' });
  await apply(queues, team);
  begun = performance.now();
  await apply([queued('first', 3, 'low', 45_000), queued('second', 2, 'low', 45_000)], team);
  await untilAll({ first: 'running', second: 'running' });
  await apply([queued('third', 4, 'low', 1_000), queued('lost', 1, 'low', 1_000, 'nowhere')], team);
  const waiting = await untilAll({ third: 'QueuedByKueue', lost: 'InadmissibleByKueue' });
  expect(waiting.get('lost')?.['status'].message).toMatch(/LocalQueue nowhere doesn't exist/);
  await untilObject('gj', 'third', team, ({ status }) => /insufficient unused quota/.test(status.message), {
    what: "Kueue's message",
  });
  expect(waiting.get('third')?.['status'].jobId).toBeUndefined();

  // Preempts one of those that run, which then waits with the third.
  await apply(queued('rush', 2, 'urgent', 5_000), team);
  await untilAll({ rush: 'running' });
  const isFirst = stateOf((await look()).get('first')) === 'EvictedByKueue';
  const [preempted, kept] = isFirst ? (['first', 'second'] as const) : (['second', 'first'] as const);
  expect(conditions(await getObject('gj', preempted, team))).toMatchObject({ Suspended: 'True EvictedByKueue' });
  // A new operator finds everything where it was.
  operator.kill('SIGKILL');
  await operator.exited;
  await scene.startOperator(env);
  await untilAll({ rush: 'succeeded', [kept]: 'running' });

  // A stopped queue evicts what runs; a restarted one admits it again.
  await kubectl('patch', 'clusterqueue', 'generation', '--type=merge', '-p', '{"spec":{"stopPolicy":"HoldAndDrain"}}');
  await untilAll({ first: 'EvictedByKueue', second: 'EvictedByKueue' });
  await until(async () => usedBy(await getObject('clusterqueue', 'generation', team)) === 0, {
    what: 'the quota back',
  });
  await kubectl('patch', 'gj', 'first', '-n', team, '--type=merge', '-p', '{"spec":{"suspend":true}}');
  await kubectl('patch', 'clusterqueue', 'generation', '--type=merge', '-p', '{"spec":{"stopPolicy":"None"}}');
  await untilAll({ first: 'JobSuspended', second: 'running' });
  await kubectl('patch', 'gj', 'first', '-n', team, '--type=merge', '-p', '{"spec":{"suspend":false}}');
  const jobs = await untilAll({ first: 'succeeded', second: 'succeeded', third: 'succeeded', rush: 'succeeded' });
  expect(jobs.get('lost')?.['status'].jobId).toBeUndefined();
  await audit();
  console.log(`Kueue ${version}, quota ${quota} tasks\n${tableOfTimeline()}`);
});

/** No task succeeded twice, every Workload of a finished job is Finished, and no quota is left in use. */
async function audit(): Promise<void> {
  for (const name of ['first', 'second', 'third', 'rush']) {
    const { jobId, tasks } = (await getObject('gj', name, team))['status'];
    const history = await scene.client.history(jobId);
    const ends = history.filter(({ state }) => state === 'succeeded').map(({ task }) => task);
    expect(ends).toHaveLength(new Set(ends).size);
    expect(ends).toHaveLength(tasks.succeeded);
  }
  const finished = async (): Promise<boolean> => {
    const workloads = await listObjects('workloads.kueue.x-k8s.io', team);
    expect(workloads).toHaveLength(5);
    return workloads.filter((workload) => conditions(workload)['Finished']?.startsWith('True')).length === 4;
  };
  await until(finished, { what: 'the Workloads to be Finished' });
  await until(async () => usedBy(await getObject('clusterqueue', 'generation', team)) === 0, {
    what: 'the quota back',
  });
}

const tableOfTimeline = (): string =>
  markdownTable(['job', 's', 'state', 'done', 'Suspended', 'quota in use', 'message'], timeline);

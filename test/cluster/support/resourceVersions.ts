// The path of the custom resources from one version to the next, release by release, and examples that have every field.
import { createHash } from 'node:crypto';
import { definitions } from '../../../hack/resources/definitions.ts';
import type { Structural } from '../../../hack/resources/structural.ts';
import type { ResourceVersion } from '../../../hack/resources/versions.ts';
import { goodJobs } from '../../unit/operator/resources/jobCases.ts';
import { goodPools } from '../../unit/operator/resources/poolCases.ts';
import { until } from '../../support/until.ts';
import { apply, kubectl, tryKubectl } from './kubectl.ts';

const alpha = { name: 'v1alpha1', served: true, storage: false };
const beta = { name: 'v1beta1', served: true, storage: false };

/** As in docs/custom-resources-versions.md. */
export const stages = {
  today: [{ ...alpha, storage: true }],
  served: [{ ...alpha, storage: true }, beta],
  stored: [
    { ...alpha, replacedBy: 'v1beta1' },
    { ...beta, storage: true },
  ],
  unserved: [
    { ...alpha, served: false },
    { ...beta, storage: true },
  ],
  removed: [{ ...beta, storage: true }],
} satisfies Record<string, readonly ResourceVersion[]>;

/** Applies the definitions of that release, and waits until the API server follows them. */
export async function applyStage(stage: keyof typeof stages): Promise<void> {
  const versions: readonly ResourceVersion[] = stages[stage];
  await apply([...definitions(versions)], 'default', '--server-side', '--force-conflicts', '--field-manager=tests');
  const stored = versions.find(({ storage }) => storage)!.name;
  await until(
    async () => {
      const group = JSON.parse(await kubectl('get', '--raw', '/apis/genwarden.dev')) as {
        versions: { version: string }[];
      };
      const names = group.versions.map(({ version }) => version).filter((each) => !each.startsWith('jobs-'));
      const served = versions.filter((each) => each.served).map(({ name }) => name);
      if (names.toSorted().join() !== served.join()) return false;
      const lists = await Promise.all(names.map((name) => kubectl('get', '--raw', `/apis/genwarden.dev/${name}`)));
      if (!lists.every((list) => hashesOf(list).every(([kind, hash]) => hash === storageHash(stored, kind))))
        return false;
      // The aggregator routes to a new version a little after its discovery.
      const paths = names.map((name) => `/apis/genwarden.dev/${name}/workerpools?limit=1`);
      const answers = await Promise.all(paths.map((path) => tryKubectl(['get', '--raw', path])));
      return answers.every(({ code }) => code === 0);
    },
    { what: `stage ${stage} in the discovery of the API server`, timeoutMs: 30_000, intervalMs: 100 },
  );
}

/** Of each kind, in discovery. */
function hashesOf(list: string): [string, string][] {
  const { resources } = JSON.parse(list) as { resources: { kind: string; storageVersionHash?: string }[] };
  return resources.flatMap(({ kind, storageVersionHash: hash }) => (hash === undefined ? [] : [[kind, hash]]));
}

/** As `StorageVersionHash` in k8s.io/apiserver/pkg/endpoints/discovery. */
function storageHash(version: string, kind: string): string {
  const digest = createHash('sha256').update(`genwarden.dev/${version}/${kind}`).digest();
  return digest.subarray(0, 8).toString('base64');
}

export interface Example {
  readonly kind: 'GenerationJob' | 'GenerationSchedule' | 'WorkerPool';
  readonly name: string;
  readonly spec: object;
  readonly status: object;
}

const schedule = {
  schedule: '30 6 * * MON-FRI',
  timeZone: 'Europe/Berlin',
  concurrencyPolicy: 'Forbid',
  suspend: true,
  startingDeadlineSeconds: 3_600,
  successfulJobsHistoryLimit: 2,
  failedJobsHistoryLimit: 2,
};

/** Together they have every field; see test/unit/operator/resources/definitions.test.ts for their specs. */
export function examples(): readonly Example[] {
  const [jobs, pools, schedules] = definitions().map(
    ({ spec }) => spec.versions[0]!.schema.openAPIV3Schema.properties!,
  );
  const metadata = { labels: { project: 'p42' }, annotations: { 'example.com/note': 'x' } };
  return [
    ...goodJobs.map(({ spec }, index) => ({
      kind: 'GenerationJob' as const,
      name: `job-${index}`,
      spec: spec as object,
      status: sample(jobs!['status']!) as object,
    })),
    ...goodPools.map(({ spec }, index) => ({
      kind: 'WorkerPool' as const,
      name: `pool-${index}`,
      spec: spec as object,
      status: sample(pools!['status']!) as object,
    })),
    ...goodJobs.slice(0, 3).map(({ spec }, index) => ({
      kind: 'GenerationSchedule' as const,
      name: `schedule-${index}`,
      spec: { ...schedule, jobTemplate: { metadata, spec } },
      status: sample(schedules!['status']!) as object,
    })),
  ];
}

/** A value with every field of a status. */
function sample({ type, format, enum: values, minimum = 1, items, properties = {} }: Structural): unknown {
  if (values !== undefined) return values[0];
  if (type === 'integer') return Math.max(minimum, 1);
  if (type === 'array') return [sample(items!)];
  if (type === 'object')
    return Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, sample(each)]));
  return format === 'date-time' ? '2026-11-29T06:30:00Z' : 'Tested';
}

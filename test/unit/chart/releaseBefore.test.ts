// Upgrades from the release before: what `helm upgrade` would do to the objects of its chart, and `--reuse-values`, which brings none
// of the new default values.
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileOfPackedChart, packedChart } from '../../support/releaseBefore/chart.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';
import { root } from '../../tidy/repository.ts';
import { chart } from './files.ts';
import { chartText, hasHelm, helmText, objectsIn } from './helm.ts';

const set = (values: string): string[] => ['--set', values];
const installations: [string, string[]][] = [
  ['the defaults', []],
  [
    'everything that can be enabled',
    [
      ...set(
        'networkPolicy.enabled=true,standin.enabled=true,metrics.podMonitor.enabled=true,defaultPool.autoscaling.enabled=true',
      ),
      ...set('metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true,tracing.endpoint=http://otel:4318'),
      ...set(
        'api.httpRoute.enabled=true,api.httpRoute.parentRefs[0].name=gateway,api.webhooks.existingSecret=webhooks',
      ),
      ...set(
        'api.ingress.enabled=true,api.ingress.hosts[0].host=a.example,settings.artifactStore=s3,s3.bucket=pictures',
      ),
    ],
  ],
  [
    'an external NATS',
    [...set('nats.external.urls={tls://nats:4222},nats.auth.existingSecret=users,nats.external.tls.caSecret=ca')],
  ],
];

describe.skipIf(!hasHelm)('from the release before', () => {
  let folder: TempFolder;
  /** This chart, with the default values of the release before. */
  let reused: string;

  beforeAll(async () => {
    folder = await tempFolder('reuse-values');
    reused = join(folder.path, 'genwarden');
    await cp(join(root, chart), reused, { recursive: true });
    await writeFile(join(reused, 'values.yaml'), await fileOfPackedChart('values.yaml'));
  });
  afterAll(() => folder.remove());

  test.each(installations)('--reuse-values renders what the new defaults do: %s', async (_, args) => {
    const all = ['--skip-tests', ...args];
    expect(withoutNewRequests(await chartText(reused, ...all))).toBe(withoutNewRequests(await helmText(...all)));
  });

  test('--reuse-values with a first value of a new group', async () => {
    const values =
      'jobsApi.enabled=true,nats.tls.existingSecret=nats-tls,global.imageRegistry=r.example,proxy.https=http://p:1';
    const text = await chartText(reused, ...set(values));
    expect(text).toContain('image: r.example/genwarden:');
  });

  test.each(installations)(
    'no object changes its name or a field that Kubernetes refuses to change: %s',
    async (_, args) => {
      const [before, now] = [
        objectsIn((await chartText(packedChart, ...args))!),
        objectsIn((await helmText(...args))!),
      ];
      const kept = before.filter(({ kind, metadata }) => !(kind === 'Secret' && ours.test(metadata.name)));
      expect(kept.map(identity).filter((each) => !now.map(identity).includes(each))).toEqual([]);
      const fixed = kept.map((object) => [identity(object), fixedFields(object)] as const);
      expect(new Map(now.map((object) => [identity(object), fixedFields(object)]))).toEqual(
        new Map([...now.map((object) => [identity(object), fixedFields(object)] as const), ...fixed]),
      );
    },
  );
});

/** Generated secrets: since this release, the operator makes them, and the chart keeps those that are there. */
const ours = /-(?:api-token|nats-auth)$/;

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

const identity = ({ kind, metadata }: Any): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** What an update must not change. Defaults of Kubernetes count as given. */
function fixedFields({ kind, spec }: Any): object {
  if (kind === 'Deployment') return { selector: spec.selector };
  if (kind !== 'StatefulSet') return {};
  const { selector, serviceName, podManagementPolicy = 'OrderedReady' } = spec;
  const claims = (spec.volumeClaimTemplates ?? []).map((claim: Any) => ({
    name: claim.metadata.name,
    labels: claim.metadata.labels,
    spec: { volumeMode: 'Filesystem', ...claim.spec },
  }));
  return { selector, serviceName, podManagementPolicy, claims };
}

/** The requests of disk space are new, and 10 is what Kubernetes assumes. */
const withoutNewRequests = (text: string | undefined): string =>
  text!.replaceAll(/^.*(?:ephemeral-storage"?: |revisionHistoryLimit: 10$|checksum\/).*\n/gm, '');

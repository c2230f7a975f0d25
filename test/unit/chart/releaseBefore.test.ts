// Upgrades from the release before: what `helm upgrade` would do to the objects of its chart, and `--reuse-values`, which brings none
// of the new default values.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packedChart } from '../../support/releaseBefore/chart.ts';
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

test('no field of a spec that the operator of the release before refuses has a default, which every resource would get', async () => {
  const now = readdirSync(join(root, chart, 'files/crds'));
  const added = now.map(async (file) => {
    const before = await packed(`files/crds/${file}`).catch(() => undefined);
    if (before === undefined) return [];
    const known = new Set(defaultsOf(specOf(before), ''));
    return defaultsOf(specOf(await readFile(join(root, chart, 'files/crds', file), 'utf8')), '').filter(
      (path) => !known.has(path),
    );
  });
  expect((await Promise.all(added)).flat()).toEqual([]);
});

async function packed(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)('tar', ['-xzOf', packedChart, `genwarden/${path}`]);
  return stdout;
}

const specOf = (definition: string): Any => parse(definition).spec.versions[0].schema.openAPIV3Schema.properties.spec;

/** The paths of the fields that have a default. */
function defaultsOf(node: Any, path: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = 'default' in node ? [path] : [];
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, field]) => defaultsOf(field, `${path}.${name}`));
  return [
    ...own,
    ...fields,
    ...defaultsOf(node.items, `${path}[]`),
    ...defaultsOf(node.additionalProperties, `${path}.*`),
  ];
}

describe.skipIf(!hasHelm)('from the release before', () => {
  let folder: TempFolder;
  /** This chart, with the default values of the release before. */
  let reused: string;

  beforeAll(async () => {
    folder = await tempFolder('reuse-values');
    reused = join(folder.path, 'genwarden');
    await cp(join(root, chart), reused, { recursive: true });
    await writeFile(join(reused, 'values.yaml'), await packed('values.yaml'));
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

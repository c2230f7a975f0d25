// The rendered manifests of k8s/, as an administrator would look at them: no secrets inside, and pods that may do little.
import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { describe, expect, test } from 'vitest';
import { filesUnder, root } from '../../tidy/repository.ts';
import { readChart } from './files.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

const objectsOf = (path: string): Any[] =>
  parseAllDocuments(readFileSync(`${root}/${path}`, 'utf8'))
    .map((document) => document.toJS())
    .filter((object) => object !== null);

test('NATS in k8s/development is restarted after a failed write', () => {
  const nats = podsOf(objectsOf('k8s/development/genwarden.yaml')).find(({ name }) => name === 'nats')!;
  expect(nats.spec.containers[0].livenessProbe.httpGet.path).toBe('/healthz');
});

describe.each(['development', 'production'])('k8s/%s', (environment) => {
  const objects = objectsOf(`k8s/${environment}/genwarden.yaml`);
  const pods = podsOf(objects);

  test('has the pods that one expects', () => {
    const bundled = environment === 'development' ? ['nats', 'standin'] : [];
    expect(pods.map(({ name }) => name).sort()).toEqual(['api', 'controller', ...bundled, 'operator', 'worker'].sort());
  });

  test('holds no secret', () => {
    // The stand-in accepts any key.
    const isStandin = ({ stringData }: Any): boolean => JSON.stringify(stringData) === '{"standin":"standin"}';
    expect(objects.filter((object) => object.kind === 'Secret' && !isStandin(object))).toEqual([]);
    expect(JSON.stringify(objects)).not.toMatch(/gw_[A-Za-z0-9]{20}|PASSWORD","value":"[A-Za-z0-9]{8}/);
  });

  test('only the operator has a token of Kubernetes', () => {
    const withToken = pods.filter(({ spec }) => spec.automountServiceAccountToken !== false).map(({ name }) => name);
    expect(withToken).toEqual(['operator']);
    const projected = pods
      .flatMap(({ spec }) => spec.volumes)
      .filter(({ projected: sources }) => sources !== undefined);
    expect(projected).toEqual([]);
  });

  test.each(pods)('pod $name satisfies Pod Security "restricted", and is closed', ({ spec }) => {
    expect(spec.enableServiceLinks).toBe(false);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.requests).toMatchObject({ cpu: expect.anything(), memory: expect.anything() });
      expect(container.resources.limits.memory).toBeTypeOf('string');
    }
  });

  test.each(pods.filter(({ name }) => name !== 'standin'))('pod $name has all three probes', ({ spec }) => {
    const [container] = spec.containers;
    expect(container.startupProbe).toBeDefined();
    expect(container.livenessProbe.httpGet.path).toMatch(/^\/healthz/);
    expect(container.readinessProbe).toBeDefined();
  });

  test('the limit of NATS leaves a part of the volume free', () => {
    const { jetstream, persistence } = parse(readChart('values.yaml')).nats;
    const [limit, volume] = [/^(\d+)GB$/, /^(\d+)Gi$/].map((form, at) =>
      Number(form.exec([jetstream.maxFileStore, persistence.size][at])![1]),
    );
    expect(volume).toBeGreaterThanOrEqual(1.2 * limit!);
  });

  test('selectors select the pods that they are meant for, and only those', () => {
    const selectors = objects.flatMap(({ kind, metadata, spec }) => {
      const selector =
        kind === 'Service' ? spec.selector : (spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels);
      // The pod of `helm test` is not part of the manifests.
      if (metadata.name.endsWith('-test')) return [];
      return selector === undefined ? [] : [{ what: `${kind} ${metadata.name}`, selector }];
    });
    expect(selectors.length).toBeGreaterThan(5);
    const chosen = selectors.map(({ what, selector }) => {
      const names = pods.filter(({ labels }) => contains(labels, selector)).map(({ name }) => name);
      return `${what}: ${names.join()}`;
    });
    expect(chosen.filter((line) => !/-([a-z]+): \1$/.test(line))).toEqual([]);
  });

  test('environment names no secret but by reference', () => {
    const named = pods
      .flatMap(({ spec }) => spec.containers.flatMap(({ env = [] }: Any) => env))
      .filter(({ name }) => /PASSWORD|TOKEN$|KEY/.test(name) && !/_(FILE|PATH)$/.test(name))
      .filter(({ value }) => value !== undefined && !value.startsWith("'$("));
    expect(named).toEqual([]);
  });
});

interface Pod {
  name: string;
  labels: Record<string, string>;
  spec: Any;
}

/** Of workloads, and of the template that the operator makes workers from, with the labels that it adds. */
function podsOf(objects: readonly Any[]): Pod[] {
  const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
  const template = JSON.parse(objects.find(({ data }) => data?.['template.json'])!.data['template.json']);
  const operators = { 'app.kubernetes.io/name': 'genwarden', 'app.kubernetes.io/component': 'worker' };
  return [
    ...workloads.map(({ spec: { template: pod } }) => ({
      name: pod.metadata.labels['app.kubernetes.io/component'] as string,
      labels: pod.metadata.labels,
      spec: pod.spec,
    })),
    { name: 'worker', labels: { ...template.metadata.labels, ...operators }, spec: template.spec },
  ];
}

const contains = (labels: Record<string, string>, selector: Record<string, string>): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

test.each(['development', 'production'])('k8s/%s brings all definitions of the chart', (environment) => {
  const resourcesOf = (path: string): string[] => objectsOf(path)[0].resources;
  const files = 'charts/genwarden/files';
  expect(resourcesOf(`k8s/${environment}/kustomization.yaml`)).toContain(`../../${files}`);
  const crds = filesUnder(`${files}/crds`, '.yaml').map(({ path }) => path.replace(`${files}/`, ''));
  expect(crds.length).toBe(3);
  expect(resourcesOf(`${files}/Kustomization`)).toEqual(crds);
});

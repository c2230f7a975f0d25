// Kinds of other projects that the chart can make objects of: where the cluster lacks their definitions, bare ones are lent
// to it, which check name and scope but no field.
import { apply, kubectl, tryKubectl } from './kubectl.ts';

const kinds = [
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'ServiceMonitor', plural: 'servicemonitors' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PodMonitor', plural: 'podmonitors' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PrometheusRule', plural: 'prometheusrules' },
  { group: 'gateway.networking.k8s.io', version: 'v1', kind: 'HTTPRoute', plural: 'httproutes' },
];

export const foreignKinds: readonly string[] = kinds.map(({ kind }) => kind);

export interface ForeignKinds {
  /** Takes back what was lent. */
  remove(): Promise<void>;
}

export async function provideForeignKinds(): Promise<ForeignKinds> {
  const lent: string[] = [];
  for (const each of kinds) {
    const name = `${each.plural}.${each.group}`;
    if ((await tryKubectl(['get', 'crd', name])).code === 0) continue;
    await apply(definition(each), 'default');
    lent.push(name);
  }
  for (const name of lent) await kubectl('wait', '--for=condition=Established', `crd/${name}`, '--timeout=30s');
  return {
    remove: async () => {
      for (const name of lent) await kubectl('delete', 'crd', name, '--wait=false', '--ignore-not-found');
    },
  };
}

const definition = ({ group, version, kind, plural }: (typeof kinds)[number]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    // Groups of Kubernetes' own projects ask for this.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, bare definition for a test' },
  },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

// How long the pods of each component tolerate the loss of their node (docs/node-loss.md).
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { hasHelm, helmTemplate } from './helm.ts';

const lossOf = (key: string, tolerationSeconds = 30) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds,
});
const loss = [lossOf('not-ready'), lossOf('unreachable')];

test('pods leave a lost node after 30 s, except NATS and the stand-in, unless the values say how long', async () => {
  const values = [
    'standin.enabled=true',
    'operator.tolerations[0].key=gpu',
    'controller.tolerations[0].operator=Exists',
    'api.tolerations[0].key=node.kubernetes.io/unreachable',
    'api.tolerations[0].tolerationSeconds=600',
  ];
  const objects = await helmTemplate(...values.flatMap((value) => ['--set', value]));
  if (objects === undefined) return expect(hasHelm).toBe(false);
  const template = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && /worker-template/.test(metadata.name));
  const worker = parse(Object.values(template.data as Record<string, string>)[0]!);
  const found = objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ metadata, spec }) => [metadata.name, spec.template.spec.tolerations]);
  expect(worker.spec.tolerations).toEqual(loss);
  expect(Object.fromEntries(found)).toEqual({
    'genwarden-api': [{ key: 'node.kubernetes.io/unreachable', tolerationSeconds: 600 }, loss[0]],
    'genwarden-controller': [{ operator: 'Exists' }],
    'genwarden-operator': [{ key: 'gpu' }, ...loss],
    'genwarden-nats': undefined,
    'genwarden-standin': undefined,
  });
});

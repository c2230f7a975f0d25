// What GitOps tools do with the chart: they render it without a cluster, again and again, and apply what differs.
import { createHash } from 'node:crypto';
import { filesUnder } from '../../tidy/repository.ts';
import { describe, expect, test } from 'vitest';
import { templates } from './files.ts';
import { hasHelm, helmTemplate, helmText } from './helm.ts';

const sets = filesUnder('test/cluster/values', '.yaml').map(({ path }) => path);

test('no template uses what differs between two renderings', () => {
  const changing =
    /\b(?:rand(?:AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|uuidv4|now|gen(?:CA|SelfSigned|Signed|Private)\w*|shuffle|getHostByName)\b/;
  const code = templates.map(({ path, text }) => ({ path, text: (text.match(/\{\{[^]*?\}\}/g) ?? []).join('\n') }));
  const found = code.map(({ path, text }) => ({ path, text: text.replaceAll(/\/\*[^]*?\*\//g, '') }));
  expect(found.filter(({ text }) => changing.test(text)).map(({ path }) => path)).toEqual([]);
  // The hand-over of secrets that Helm still manages, which renders nothing without a cluster, and checks, which never render.
  const lookups = found.filter(({ text }) => /\blookup\b/.test(text)).map(({ path }) => path);
  expect(lookups.filter((path) => !path.includes('_checks'))).toEqual([
    'charts/genwarden/templates/operator/secrets.yaml',
  ]);
});

describe.skipIf(!hasHelm)('helm template', () => {
  test.each([undefined, ...sets])('twice gives the same output (%s)', async (set) => {
    const digest = async (): Promise<string> => {
      const text = await helmText(...(set === undefined ? [] : ['--values', set]));
      return createHash('sha256').update(text!).digest('hex');
    };
    expect(await digest()).toBe(await digest());
  });

  test('renders no secret, and describes those that the operator creates', async () => {
    const objects = (await helmTemplate())!;
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const { data } = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'genwarden-secrets',
    );
    expect(JSON.parse(data['secrets.json'])).toMatchObject({
      ownerConfigMap: 'genwarden-secrets',
      secrets: [
        { name: 'genwarden-nats-auth', generate: 'passwords' },
        { name: 'genwarden-api-token', generate: 'adminToken' },
      ],
    });
    expect(operatorOf(objects).initContainers[0].name).toBe('secrets');
  });

  test('has no init container and no right to create secrets if values name them all', async () => {
    const named = ['api.auth.existingSecret=a', 'nats.auth.existingSecret=b'].flatMap((each) => ['--set', each]);
    const objects = (await helmTemplate(...named))!;
    expect(operatorOf(objects).initContainers).toBe(undefined);
    const { rules } = objects.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'genwarden-operator');
    const ofSecrets = rules.filter(({ resources }: { resources: string[] }) => resources.includes('secrets'));
    expect(ofSecrets).toEqual([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]);
  });

  test('replicas: null leaves the field of the API to an autoscaler', async () => {
    const api = ({ kind, metadata }: { kind: string; metadata: { name: string } }): boolean =>
      kind === 'Deployment' && metadata.name === 'genwarden-api';
    expect((await helmTemplate())!.find(api).spec.replicas).toBe(2);
    expect((await helmTemplate('--set', 'api.replicas=null'))!.find(api).spec).not.toHaveProperty('replicas');
  });
});

// oxlint-disable-next-line typescript/no-explicit-any
const operatorOf = (objects: any[]) =>
  objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'genwarden-operator').spec.template
    .spec;

// The operator's rights in Kubernetes: what the chart grants is what the code asks for, no more and no less, and the page
// for administrators says the same.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generationJobType, workerPoolType } from '../../../src/operator/resources/kinds.ts';
import { filesUnder, read, root } from '../../tidy/repository.ts';
import type { SourceFile } from '../../tidy/repository.ts';
import { helmTemplate, objectsIn } from './helm.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

const rendered = await helmTemplate();
const objects: Any[] = rendered ?? objectsIn(readFileSync(`${root}/k8s/development/genwarden.yaml`, 'utf8'));
const rulesOf = (kind: string, name: string): Any[] =>
  objects.find((object) => object?.kind === kind && object.metadata.name === name).rules;

const inNamespace = rulesOf('Role', 'genwarden-operator');
const everywhere = rulesOf('ClusterRole', 'genwarden-genwarden-operator');

/** `patch workerpools/status`; names after a colon. */
function grants(rules: readonly Any[]): string[] {
  const lines: string[] = rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) => {
    const group = apiGroups[0] === 'events.k8s.io' ? '.events.k8s.io' : '';
    const named = resourceNames === undefined ? '' : `:${resourceNames}`;
    return resources.flatMap((resource: string) => verbs.map((verb: string) => `${verb} ${resource}${group}${named}`));
  });
  return lines.toSorted();
}

/** What an operation of the port `Cluster` asks the API server for; server-side apply makes what is not there. */
const verbsOf: Record<string, readonly string[]> = {
  get: ['get'],
  list: ['list'],
  watch: ['watch'],
  startInformer: ['list', 'watch'],
  apply: ['create', 'patch'],
  applyStatus: ['patch'],
  mergeStatus: ['patch'],
  annotate: ['patch'],
  delete: ['delete'],
  create: ['create'],
};

/** The rights for the certificate of the aggregated API, which not every installation has, are in test/unit/chart/jobsApi.test.ts. */
const code = filesUnder('src/operator').filter(({ path }) => !path.startsWith('src/operator/servingCertificate/'));
const ofFirstPool = code.filter(({ path }) => path === 'src/operator/defaultPool.ts');
const ofSecrets = code.filter(({ path }) => path.startsWith('src/operator/secrets/'));
/** What values switch on, by the name of the value. */
const optional: Record<string, readonly SourceFile[]> = {
  readReferences: code.filter(({ path }) => path === 'src/operator/generationJob/sources.ts'),
  writeResults: code.filter(({ path }) => path === 'src/operator/generationJob/results.ts'),
  kueue: code.filter(({ path }) => path.startsWith('src/operator/generationJob/kueue/')),
};
const special = [ofFirstPool, ofSecrets, ...Object.values(optional)].flat();
const ofOthers = code.filter((file) => !special.includes(file));

const types = new Map<string, string>();
for (const { text } of code) {
  for (const [, name, plural] of text.matchAll(/const (\w+Type): ResourceType = \{[^}]*?plural: '(\w+)'/g))
    types.set(name!, plural!);
}

/** Rights by the calls in the operator's code; a constant names the kind. */
function asked(files: readonly SourceFile[]): { verb: string; resource: string }[] {
  const text = files.map((file) => file.text).join('\n');
  const calls = [...text.matchAll(/cluster\s*\.(\w+)(?:<[^()]*?>)?\(\s*(\w+Type)\b/g)];
  const informers = [...text.matchAll(/startInformer<\w+>\(\{[^}]*?type: (\w+Type)/g)].map(([whole, type]) => [
    whole,
    'startInformer',
    type,
  ]);
  return [...calls, ...informers].flatMap(([, operation, type]) => {
    const plural = types.get(type!);
    if (plural === undefined) throw new Error(`${type} is not a type that these tests know`);
    const group = plural === 'events' ? '.events.k8s.io' : '';
    const resource = `${plural}${operation === 'applyStatus' || operation === 'mergeStatus' ? '/status' : group}`;
    return verbsOf[operation!]!.map((verb) => ({ verb, resource }));
  });
}

const isOfJobs = (resource: string): boolean => /^generation(jobs|schedules)|^events/.test(resource);

/** The first pool's rights go no further than its own objects, which can only be said of what is there. */
const ownNames: Record<string, string> = { workerpools: 'default', configmaps: 'genwarden-default-pool' };
const createdSecrets = 'genwarden-nats-auth,genwarden-api-token';
/** Those of the init container. The operator may read every secret of its namespace anyway. */
const namesOfSecrets: Record<string, string> = { secrets: createdSecrets, configmaps: 'genwarden-secrets' };

test('the calls in the code are found', () => {
  const resources = new Set(asked(ofOthers).map(({ resource }) => resource.replace('/status', '')));
  for (const { plural } of [generationJobType, workerPoolType]) expect(resources).toContain(plural);
  expect(resources.size).toBeGreaterThanOrEqual(8);
  expect(asked(ofFirstPool).length).toBeGreaterThanOrEqual(4);
});

test('in its namespace the operator may do what it does, and no more', () => {
  const wanted = asked(ofOthers).filter(({ resource }) => !/^generation(jobs|schedules)/.test(resource));
  const namedBy = (names: Record<string, string>, files: readonly SourceFile[]): string[] =>
    asked(files).map(({ verb, resource }) =>
      verb === 'create' ? `create ${resource}` : `${verb} ${resource}:${names[resource]}`,
    );
  const secrets = namedBy(namesOfSecrets, ofSecrets).filter((line) => line !== `get secrets:${createdSecrets}`);
  const named = [...namedBy(ownNames, ofFirstPool), ...secrets];
  const lines = [...wanted.map(({ verb, resource }) => `${verb} ${resource}`), ...named];
  expect(grants(inNamespace)).toEqual([...new Set(lines)].toSorted());
});

test('elsewhere it may do what it does with GenerationJobs, and no more', () => {
  const wanted = asked(ofOthers).filter(({ resource }) => isOfJobs(resource));
  const lines = wanted.map(({ verb, resource }) => `${verb} ${resource}`);
  expect(grants(everywhere)).toEqual([...new Set(lines)].toSorted());
});

test.runIf(rendered !== undefined).each(Object.entries(optional))(
  'operator.%s adds what its file does, in each watched namespace',
  async (value, files) => {
    const args = ['--set', `operator.${value}=true,operator.watchNamespaces={shop}`];
    // A kind without a namespace has its own role.
    const rules = (await helmTemplate(...args))!.flatMap(({ kind, metadata, ...rest }) =>
      (kind === 'Role' && metadata.namespace === 'shop') ||
      (kind === 'ClusterRole' && metadata.name.endsWith(`-${value}`))
        ? (rest['rules'] as Any[])
        : [],
    );
    const added = grants(rules).filter((line) => !grants(everywhere).includes(line));
    const lines = asked(files).map(({ verb, resource }) => `${verb} ${resource}`);
    expect(added).toEqual([...new Set(lines)].toSorted());
  },
);

test('docs/kubernetes.md lists each right', () => {
  const [, table] = /<!-- rights -->([^]*)<!-- end of rights -->/.exec(read('docs/kubernetes.md'))!;
  const rows = table!.trim().split('\n').slice(2);
  const listed = rows.flatMap((row) => {
    const [, where, resource, verbs] = row.split('|').map((cell) => cell.trim());
    const [plural, ...names] = [...resource!.matchAll(/`([^`]+)`/g)].map(([, named]) =>
      named!.replace('…', 'genwarden'),
    );
    const name = names.length === 0 ? undefined : names.join();
    return [...verbs!.matchAll(/`(\w+)`/g)].map(([, verb]) => {
      const named = name === undefined || verb === 'create' ? '' : `:${name}`;
      return { where: where === 'installation', right: `${verb} ${plural}${named}` };
    });
  });
  const rights = (where: boolean): string[] =>
    listed
      .filter((each) => each.where === where)
      .map(({ right }) => right)
      .toSorted();
  expect(rights(true)).toEqual(grants(inNamespace));
  expect(rights(false)).toEqual(grants(everywhere));
});

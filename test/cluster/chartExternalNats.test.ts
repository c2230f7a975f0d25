// docs/kubernetes-production.md, to the letter: its commands run in their order, up to the downloaded picture. An external NATS
// cluster with TLS, accounts and permissions, Secrets from k8s/create-secrets.sh, NetworkPolicies, rights in one namespace only.

import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../support/freePorts.ts';
import { tempFolder, type TempFolder } from '../support/tempFolder.ts';
import { read } from '../tidy/repository.ts';
import { printDiagnostics } from './support/diagnostics.ts';
import { applyDefinitions, testValues } from './support/genwarden.ts';
import { tryHelm } from './support/helm.ts';
import { getObject, kubectl, logsOf, tryKubectl } from './support/kubectl.ts';
import { newName, removeNamespace } from './support/namespace.ts';
import { natsObjects, type DocumentedNats } from './support/natsForDocs.ts';
import { attempt, type Ran } from './support/run.ts';

const namespace = newName('production');
const natsNamespace = newName('production-nats');
const team = newName('production-team');
const namespaces = [namespace, natsNamespace, team];

/** What a test cluster cannot have, and names that tests share: all that differs from the page. */
const substitutions = (port: number): [RegExp, string][] => [
  [/(?<=(-n|namespace|create-secrets\.sh) )genwarden\b/g, namespace],
  [/(?<=(-n|namespace) )nats\b/g, natsNamespace],
  [/(?<=(-n|namespace) )team-a\b/g, team],
  [/(?<=\bnats(-headless)?\.)nats(?=\.svc)/g, natsNamespace],
  [/^kubectl genwarden (doctor|download)/gm, `$& --installation-namespace ${namespace}`],
  [/\b8080\b/g, String(port)],
];

/** Programs that need a registry or a repository, and what the chart gets besides the page's values. */
const programs = `
npm() { :; }
docker() { :; }
helm() {
  case "$1 $2" in
    'repo add') ;;
    'install nats')
      kubectl apply -n ${natsNamespace} -f nats-objects.json
      kubectl rollout status statefulset/nats -n ${natsNamespace} --timeout 120s ;;
    'install genwarden') command helm "$@" --values test-values.yaml ;;
    *) echo "no substitute for helm $*"; return 1 ;;
  esac
}
`;

const small = { replicas: 1, resources: { requests: { cpu: '10m', memory: '64Mi' } } };
const values = {
  image: testValues['image'],
  crds: testValues['crds'],
  standin: { enabled: true },
  gemini: { requestsPerMinute: 6000 },
  api: small,
  controller: small,
  operator: { replicas: 1, watchNamespaces: [team] },
  defaultPool: { autoscaling: { minReplicas: 1 } },
};

let folder: TempFolder;
let walked: Ran;

beforeAll(async () => {
  folder = await tempFolder('production');
  await applyDefinitions();
  for (const part of ['bin', 'charts', 'k8s'])
    await symlink(join(import.meta.dirname, '../..', part), join(folder.path, part));
  const [, page] = /<!-- walk -->([^]*)<!-- end of the walk -->/.exec(read('docs/kubernetes-production.md'))!;
  const [port] = await freePorts(1);
  const blocks = [...page!.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block!);
  const commands = substitutions(port!).reduce((text, [from, to]) => text.replaceAll(from, to), blocks.join('\n'));
  await writeFile(
    join(folder.path, 'nats-objects.json'),
    JSON.stringify({ kind: 'List', apiVersion: 'v1', items: documentedNats(commands) }),
  );
  await writeFile(join(folder.path, 'test-values.yaml'), JSON.stringify(values));
  const cleanUp = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT";
  const script = ['set -euo pipefail', `cd ${folder.path}`, cleanUp, programs, 'set -x', commands].join('\n');
  walked = await attempt('bash', ['-c', script], { timeoutMs: 400_000 });
}, 420_000);

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const name of namespaces) await printDiagnostics(name, task.name);
});

afterAll(async () => {
  await tryHelm(['uninstall', 'genwarden', '-n', namespace, '--ignore-not-found', '--wait']);
  for (const name of namespaces) await removeNamespace(name);
  await folder.remove();
});

const heredoc = (text: string, file: string): string =>
  new RegExp(`>${file}\\n([^]*?)\\nCONF\\n|>${file} <<'YAML'\\n([^]*?)\\nYAML\\n`).exec(text)!.slice(1).join('');

function documentedNats(commands: string): object[] {
  const permissions = read('charts/genwarden/files/nats-permissions.conf').replaceAll('%PREFIX%', 'genwarden');
  const conf = `${permissions}\n${heredoc(commands, 'genwarden\\.conf')}\n`;
  return natsObjects(parse(heredoc(commands, 'nats-values\\.yaml')) as DocumentedNats, conf);
}

test('every command of the page succeeds, and two pictures are there', async () => {
  expect(walked.code, `${walked.stdout.slice(-3_000)}${walked.stderr.slice(-3_000)}`).toBe(0);
  const files = (await readdir(folder.path, { recursive: true })).filter((name) =>
    /^(?!bin|charts|k8s).*image\.png$/.test(name),
  );
  expect(files).toHaveLength(2);
  for (const file of files) expect((await readFile(join(folder.path, file))).subarray(1, 4).toString()).toBe('PNG');
});

test('three NATS servers keep three copies, with the limit of the page', () => {
  expect(walked.stdout).toContain('✓ settings');
  expect(walked.stdout).toContain('the stream is configured correctly, 3 copies of each message');
});

test('no NATS server, and no secret of the chart, is installed beside', async () => {
  const list = ['get', 'statefulsets,secrets', '-n', namespace, '-o', 'name', '-l', 'helm.sh/chart'];
  expect((await tryKubectl(list)).stdout).toBe('');
});

test('the GenerationJob ran in the watched namespace, with rights in that namespace only', async () => {
  expect((await getObject('gj', 'lighthouse', team)).status.state).toBe('succeeded');
  const roles = await kubectl('get', 'clusterrolebindings', '-o', 'name', '-l', 'helm.sh/chart');
  expect(roles).not.toContain(namespace);
});

test('NATS refused no request', async () => {
  for (const index of [0, 1, 2]) {
    expect(await logsOf(`pod/nats-${index}`, natsNamespace)).not.toMatch(/violation|authorization/i);
  }
});

// A real Kueue beside the cluster, and an operator with the rights that the chart gives it for Kueue.

import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { chartFolder, helm } from '../support/helm.ts';
import { apply, kubectl, tryKubectl } from '../support/kubectl.ts';
import { run } from '../support/run.ts';

/** Starts Kueue as the cluster's admin, until the test ends; its version. hack/install-kueue.sh builds it if it is missing. */
export async function startKueue(): Promise<string> {
  const script = join(import.meta.dirname, '../../../hack/install-kueue.sh');
  const printed = await run(script, [], { timeoutMs: 1_200_000 });
  const [, version, program] = /^kueue ([\d.]+): (\/.+)$/m.exec(printed)!;
  await applyDefinitionsIn(join(dirname(program!), 'crds'));
  await startProcess(program!, [], { readyWhen: /clusterqueue-reconciler.*Starting workers/, timeoutMs: 60_000 });
  return version!;
}

async function applyDefinitionsIn(folder: string): Promise<void> {
  const names = (await readdir(folder)).map((name) => join(folder, name));
  await kubectl('apply', '--server-side', '--field-manager=tests', ...names.flatMap((name) => ['-f', name]));
  // `kubectl wait` fails for a definition that has no conditions yet.
  const wait = ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'];
  await until(async () => (await tryKubectl(wait)).code === 0, { what: 'the definitions', timeoutMs: 60_000 });
}

/** A kubeconfig of the operator's service account, bound to the roles of the chart, for jobs in `namespace`. */
export async function operatorKubeconfig(namespace: string): Promise<string> {
  const values = `operator.kueue=true,operator.watchNamespaces={${namespace}}`;
  const shown = ['templates/operator/role.yaml', 'templates/operator/serviceaccount.yaml'];
  const template = ['template', 'genwarden', chartFolder, '-n', namespace, '--set', values];
  const rendered = await helm(...template, ...shown.flatMap((file) => ['-s', file]));
  await apply(rendered, namespace);
  const token = (await kubectl('create', 'token', 'genwarden-operator', '-n', namespace, '--duration=1h')).trim();
  const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '--flatten', '-o', 'json')) as {
    users: { user: object }[];
  };
  config.users[0]!.user = { token };
  const folder = await tempFolder('operator');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'kubeconfig');
  await writeFile(path, JSON.stringify(config));
  return path;
}

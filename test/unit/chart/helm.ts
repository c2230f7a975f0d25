// Renders the chart as tools for GitOps do: with `helm template`, without a cluster.
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { root } from '../../tidy/repository.ts';
import { chart } from './files.ts';

const run = promisify(execFile);
const home = join(tmpdir(), `genwarden-helm-unit-${process.pid}`);
const env = { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };

/** That of the test cluster (hack/cluster/programs.sh), else the one on PATH; undefined if there is none. */
const program = await findHelm();

export const hasHelm = program !== undefined;

async function findHelm(): Promise<string | undefined> {
  const cached = globSync(join(homedir(), '.cache/genwarden/helm-*/helm')).toSorted().at(-1);
  if (cached !== undefined) return cached;
  return (await run('helm', ['version', '--short'], { env }).catch(() => undefined)) === undefined ? undefined : 'helm';
}

/** Undefined without helm. `args` are more arguments of `helm template`. */
export const helmText = (...args: string[]): Promise<string | undefined> => chartText(chart, ...args);

/** That of another chart: a folder, or a package. */
export async function chartText(path: string, ...args: string[]): Promise<string | undefined> {
  if (program === undefined) return undefined;
  const all = ['template', 'genwarden', path, '-n', 'genwarden', '--kube-version', '1.30.0', ...args];
  return (await run(program, all, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
}

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

export const objectsIn = (text: string): Any[] =>
  parseAllDocuments(text)
    .map((document): Any => document.toJS())
    .filter((object) => object !== null);

/** Undefined without helm. */
export async function helmTemplate(...args: string[]): Promise<Any[] | undefined> {
  const text = await helmText(...args);
  return text === undefined ? undefined : objectsIn(text);
}

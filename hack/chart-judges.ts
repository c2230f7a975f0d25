// What public judges of charts find in this one: `helm lint --strict`, kube-score and checkov, for production and for evaluation,
// workers included. Each finding must be in hack/chart-judges/exceptions.yaml with a reason, and each exception must still be found.
// And what kstatus makes of our resources in each state.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { kstatusCases } from '../test/unit/operator/resources/kstatusCases.ts';

const root = join(import.meta.dirname, '..');
const chart = join(root, 'charts/genwarden');
const kubeVersion = ['--kube-version', '1.36.0'];

const renderings: Record<string, readonly string[]> = {
  production: ['--values', join(root, 'k8s/production/values.yaml')],
  // With three servers of the chart's own, whose pods would not be rendered otherwise.
  'three NATS servers': ['--values', join(root, 'test/cluster/values/three-nats-servers.yaml')],
  evaluation: ['--set', 'standin.enabled=true'],
};

interface Finding {
  readonly check: string;
  /** Such as `Deployment/genwarden-api`. */
  readonly where: string;
}

interface Verdict {
  readonly passed: number;
  readonly findings: readonly Finding[];
}

interface Exception {
  readonly judge: string;
  readonly check: string;
  /** A pattern of the whole `Kind/name`. */
  readonly where: string;
  readonly why: string;
}

const judges: Record<string, (file: string) => Promise<Verdict>> = { 'kube-score': kubeScore, checkov };

async function main(): Promise<boolean> {
  const installed = await output(join(root, 'hack/install-chart-judges.sh'), []);
  console.log(installed.trim());
  const { exceptions } = parse(await readFile(join(root, 'hack/chart-judges/exceptions.yaml'), 'utf8')) as {
    exceptions: Exception[];
  };
  const folder = await mkdtemp(join(tmpdir(), 'genwarden-chart-'));
  try {
    const used = new Set<Exception>();
    const unexplained: string[] = [];
    console.log(
      '\n| judge | values | passed | findings | explained | not explained |\n| --- | --- | --- | --- | --- | --- |',
    );
    for (const [name, values] of Object.entries(renderings)) {
      await output('helm', ['lint', '--strict', ...kubeVersion, chart, ...values]);
      console.log(`| helm lint --strict | ${name} | 1 | 0 | 0 | 0 |`);
      const file = join(folder, `${name}.yaml`);
      await writeFile(file, await rendered(values));
      for (const [judge, judgement] of Object.entries(judges)) {
        const { passed, findings } = await judgement(file);
        const open = findings.filter((finding) => {
          const found = exceptions.find((exception) => explains(exception, judge, finding));
          if (found !== undefined) used.add(found);
          return found === undefined;
        });
        unexplained.push(...open.map(({ check, where }) => `${judge}, ${name}: ${check} at ${where}`));
        const explained = findings.length - open.length;
        console.log(`| ${judge} | ${name} | ${passed} | ${findings.length} | ${explained} | ${open.length} |`);
      }
    }
    const stale = exceptions.filter((exception) => !used.has(exception));
    const misjudged = await misjudgedByKstatus(folder);
    console.log(`\nkstatus: ${kstatusCases.length} resources, ${misjudged.length} not as expected`);
    for (const line of misjudged) console.log(`kstatus: ${line}`);
    for (const line of unexplained) console.log(`not explained: ${line}`);
    for (const { judge, check, where } of stale) console.log(`no longer found: ${judge}, ${check} at ${where}`);
    return unexplained.length + stale.length + misjudged.length === 0;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const explains = (exception: Exception, judge: string, { check, where }: Finding): boolean =>
  exception.judge === judge && exception.check === check && new RegExp(`^(?:${exception.where})$`).test(where);

/** The objects of the chart, with the Deployment of workers that the operator would create. */
async function rendered(values: readonly string[]): Promise<string> {
  const text = await output('helm', ['template', 'genwarden', chart, '-n', 'genwarden', ...kubeVersion, ...values]);
  // The judges read YAML 1.1, in which an unquoted `off` is false.
  const objects = parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null && object.kind !== 'CustomResourceDefinition') as Rendered[];
  const template = objects.find(({ metadata: { name } }) => name === 'genwarden-worker-template')!;
  const all = [...objects, ...workersOf(JSON.parse(template.data!['template.json']!) as PodTemplate)];
  return all.map((object) => stringify(object, { version: '1.1' })).join('---\n');
}

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: object;
}

function workersOf({ metadata, spec }: PodTemplate): object[] {
  const matchLabels = { 'app.kubernetes.io/name': 'genwarden', 'app.kubernetes.io/component': 'worker' };
  const named = { name: 'genwarden-worker-default', namespace: 'genwarden' };
  const template = { metadata: { ...metadata, labels: { ...metadata.labels, ...matchLabels } }, spec };
  const budget = { maxUnavailable: '25%', unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels } };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...named, labels: template.metadata.labels },
      spec: { replicas: 2, selector: { matchLabels }, template },
    },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: named, spec: budget },
  ];
}

/** Grades below 10 are findings. */
async function kubeScore(file: string): Promise<Verdict> {
  const program = join(process.env['HOME']!, '.cache/genwarden/kube-score-1.20.0/kube-score');
  const text = await output(program, ['score', '--output-format', 'json', file], [0, 1]);
  const graded = (JSON.parse(text) as Scored[]).flatMap(({ object_meta: { name }, type_meta: { kind }, checks }) =>
    checks
      .filter(({ skipped }) => !skipped)
      .map(({ check, grade }) => ({ check: check.id, where: `${kind}/${name}`, grade })),
  );
  const findings = graded.filter(({ grade }) => grade < 10);
  return { passed: graded.length - findings.length, findings };
}

interface Scored {
  readonly object_meta: { readonly name: string };
  readonly type_meta: { readonly kind: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
  }[];
}

async function checkov(file: string): Promise<Verdict> {
  const requirements = await output('sh', ['-c', 'cksum <hack/chart-judges/requirements.txt']);
  const program = join(process.env['HOME']!, `.cache/genwarden/checkov-${requirements.split(' ')[0]}/bin/checkov`);
  const options = ['--framework', 'kubernetes', '--compact', '--quiet', '--skip-download', '--output', 'json'];
  const { results, summary } = JSON.parse(await output(program, ['--file', file, ...options], [0, 1])) as Checked;
  const findings = results.failed_checks.map(({ check_id, resource }) => {
    const [kind, , name] = resource.split('.');
    return { check: check_id, where: `${kind}/${name}` };
  });
  return { passed: summary.passed, findings };
}

interface Checked {
  readonly results: { readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[] };
  readonly summary: { readonly passed: number };
}

async function misjudgedByKstatus(folder: string): Promise<string[]> {
  const sum = await output('sh', ['-c', 'cat hack/chart-judges/kstatus/* | cksum']);
  const program = join(process.env['HOME']!, `.cache/genwarden/kstatus-${sum.split(' ')[0]}/kstatus`);
  const file = join(folder, 'resources.json');
  await writeFile(file, JSON.stringify(kstatusCases.map(({ resource }) => resource)));
  const judged = (await output('sh', ['-c', '"$0" <"$1"', program, file])).trim().split('\n');
  return kstatusCases.flatMap(({ what, expected }, index) =>
    judged[index] === expected ? [] : [`${what}: ${judged[index]}, expected ${expected}`],
  );
}

/** Standard output of a program; throws if its exit status is not one of `statuses`. */
async function output(program: string, args: readonly string[], statuses = [0]): Promise<string> {
  const settings = await readFile(join(root, 'hack/cluster/settings.sh'), 'utf8');
  const [, helm] = /^helm_version=(.+)$/m.exec(settings)!;
  const { HOME: home, PATH: path } = process.env;
  // A helm on PATH wins over the one of the test cluster.
  const env = { ...process.env, PATH: `${path}:${home}/.cache/genwarden/helm-${helm}` };
  const options = { cwd: root, env, maxBuffer: 64 * 1024 * 1024 };
  return promisify(execFile)(program, args, options).then(
    ({ stdout }) => stdout,
    (error: { code?: number; stdout?: string; stderr?: string }) => {
      if (typeof error.code === 'number' && statuses.includes(error.code)) return error.stdout ?? '';
      throw new Error(`${program} ${args.join(' ')}: ${error.code}\n${error.stdout}\n${error.stderr}`);
    },
  );
}

process.exitCode = (await main()) ? 0 : 1;

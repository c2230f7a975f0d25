// Import rules: which folder may import which, and no import cycles.
import { posix } from 'node:path';
import type { SourceFile } from './repository.ts';

/** The folders of src that each folder may import, apart from itself. */
export const visible: Record<string, readonly string[] | 'everything'> = {
  async: [],
  job: [],
  ports: ['job'],
  config: ['job'],
  proxy: ['job'],
  telemetry: ['job', 'proxy'],
  readmodel: ['async', 'job', 'ports', 'telemetry'],
  jobs: ['async', 'job', 'ports', 'readmodel'],
  api: ['async', 'job', 'ports', 'readmodel', 'jobs', 'telemetry', 'config'],
  kubeapi: ['async', 'job', 'ports', 'readmodel', 'jobs', 'telemetry', 'config'],
  worker: ['async', 'job', 'ports', 'readmodel', 'jobs', 'telemetry', 'config'],
  controller: ['async', 'job', 'ports', 'readmodel', 'jobs', 'telemetry', 'config'],
  operator: ['async', 'job', 'ports', 'readmodel', 'jobs', 'telemetry', 'config'],
  webhooks: ['async', 'job', 'ports', 'readmodel', 'jobs', 'telemetry', 'config'],
  adapters: ['async', 'job', 'ports', 'proxy'],
  client: [],
  console: ['client'],
  standin: [],
  processes: [
    'async',
    'job',
    'ports',
    'readmodel',
    'jobs',
    'api',
    'kubeapi',
    'worker',
    'controller',
    'operator',
    'webhooks',
    'adapters',
    'standin',
    'telemetry',
    'config',
  ],
  cli: 'everything',
};

/** The folder of adapters that the others may import: what every provider of models has to do. */
const shared = 'provider';

/** Packages that only some folders may import, by the start of their names. */
const homes: Record<string, readonly string[]> = {
  '@nats-io/': ['src/adapters/nats/'],
  '@google/genai': ['src/adapters/gemini/'],
  openai: ['src/adapters/openai/'],
  fastify: ['src/api/'],
  '@fastify/': ['src/api/'],
  '@opentelemetry/': ['src/telemetry/tracing/'],
  'prom-client': ['src/telemetry/', 'src/processes/'],
  commander: ['src/cli/'],
  '@kubernetes/': ['src/adapters/kubernetes/'],
  'log-update': ['src/cli/'],
  ajv: ['src/adapters/jsonSchema/'],
  croner: ['src/adapters/cron/'],
  '@aws-sdk/': ['src/adapters/s3/'],
  '@smithy/': ['src/adapters/s3/'],
  jose: ['src/api/auth/oidc/'],
  'openid-client': ['src/adapters/oidc/'],
  standardwebhooks: ['src/webhooks/'],
  preact: ['src/console/'],
  '@preact/': ['src/console/'],
  'preact-iso': ['src/console/'],
  '@peculiar/': ['src/adapters/x509/'],
  'reflect-metadata': ['src/adapters/x509/'],
  re2js: ['src/adapters/jsonSchema/', 'src/standin/'],
};

/** Outside src, what the package contains at the same relative path from dist as from src. */
const packed = /^(?:package\.json|bin\/genwarden|examples\/[^/]+\.jpg|dist\/console\/)$/;

const forms = [
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  // Worker threads and assets.
  /\bnew URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url/g,
];

/** The specifiers of imports, re-exports, dynamic imports and file URLs. */
export function importsOf(text: string): string[] {
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1]!));
}

/** One sentence for each forbidden import of a file under src. */
export function forbiddenImports({ path, text }: SourceFile): string[] {
  return importsOf(text).flatMap((name) => {
    const why = name.startsWith('.') ? wrongNeighbour(path, resolve(path, name)) : wrongPackage(path, name);
    return why === undefined ? [] : [`${path} imports ${name}: ${why}`];
  });
}

/** The import cycles among the given files, each once, as paths. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((name) => name.startsWith('.'))
        .map((name) => resolve(path, name)),
    ]),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    else if (!done.has(path)) {
      for (const target of targets.get(path) ?? []) visit(target, [...way, path]);
      done.add(path);
    }
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

const resolve = (from: string, name: string): string => posix.join(posix.dirname(from), name);

function wrongNeighbour(from: string, to: string): string | undefined {
  if (packed.test(to)) return undefined;
  if (!to.startsWith('src/')) return 'it is not under src';
  const [own, other] = [folderOf(from), folderOf(to)];
  const allowed = visible[own];
  if (allowed === undefined) return `no rule knows src/${own}`;
  if (own === 'adapters' && other === 'adapters') {
    const isKnown = technologyOf(from) === technologyOf(to) || technologyOf(to) === shared;
    return isKnown ? undefined : 'adapters do not know each other';
  }
  if (own === other || allowed === 'everything' || allowed.includes(other)) return undefined;
  return `${own} may import ${allowed.join(', ') || 'nothing else'}`;
}

function wrongPackage(path: string, name: string): string | undefined {
  if (folderOf(path) === 'job') return 'the core imports nothing but itself';
  if (folderOf(path) === 'client' && !name.startsWith('node:')) return 'the client needs no package';
  const home = Object.entries(homes).find(
    ([start]) => name === start || (start.endsWith('/') && name.startsWith(start)),
  );
  if (home === undefined || home[1].some((folder) => path.startsWith(folder))) return undefined;
  return `its place is ${home[1].join(', ')}`;
}

const folderOf = (path: string): string => path.split('/')[1]!;
const technologyOf = (path: string): string => path.split('/')[2]!;

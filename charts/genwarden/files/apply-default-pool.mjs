// Applies the chart's first WorkerPool before the operator starts: when its values have changed since the last time, and
// not otherwise, so that what somebody changed by hand stays until then. Runs in the operator's pod, with its rights.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const hashAnnotation = 'genwarden.dev/chart-values';
/** For as long as definitions just made may take to be served, or an API server to come back. */
const patienceMs = 60_000;

const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, POOL_CONFIG_MAP: configMap } = process.env;
const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
const namespace = readFileSync(`${account}/namespace`, 'utf8');
const text = readFileSync(new URL('pool.json', import.meta.url), 'utf8');
const pool = JSON.parse(text);
const pools = `/apis/genwarden.dev/v1alpha1/namespaces/${namespace}/workerpools/${pool.metadata.name}`;

const giveUpAt = performance.now() + patienceMs;
for (;;) {
  const problem = await applyPool();
  if (problem === undefined) break;
  console.log(problem);
  if (performance.now() > giveUpAt) process.exit(1);
  await sleep(1_000);
}

/** Undefined when all is well, else what is not yet. */
async function applyPool() {
  try {
    const owner = await ownerReference();
    const found = await call('GET', pools);
    if (found.status === 404 && found.body.reason !== 'NotFound') {
      return 'The custom resources of Genwarden are not installed: install their definitions, or set crds.enabled';
    }
    if (found.status === 200) {
      const { annotations, deletionTimestamp, ownerReferences = [] } = found.body.metadata;
      if (deletionTimestamp !== undefined) return 'The pool of before is still being deleted';
      const hash = annotations?.[hashAnnotation];
      if (hash === undefined) return say('is not of this chart: left as it is');
      const owned = ownerReferences.some(({ uid }) => uid === owner.uid);
      if (owned && hash === hashOf(text)) return say('is as these values made it, or changed since: left as it is');
    } else if (found.status !== 404) return refused('read', found);
    return await apply(owner);
  } catch (error) {
    return `The Kubernetes API server does not answer: ${error.cause?.message ?? error.message}`;
  }
}

async function apply(owner) {
  const metadata = { ...pool.metadata, annotations: { [hashAnnotation]: hashOf(text) }, ownerReferences: [owner] };
  const applied = await call('PATCH', `${pools}?fieldManager=genwarden-chart&force=true`, { ...pool, metadata });
  if (applied.status === 200 || applied.status === 201) return say('applied');
  return refused('applied', applied);
}

/** The pool goes when the release's ConfigMap does. */
async function ownerReference() {
  const found = await call('GET', `/api/v1/namespaces/${namespace}/configmaps/${configMap}`);
  if (found.status !== 200) throw new Error(refused('read', found));
  return { apiVersion: 'v1', kind: 'ConfigMap', name: configMap, uid: found.body.metadata.uid };
}

async function call(method, path, body) {
  const response = await fetch(`${server}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(`${account}/token`, 'utf8')}`,
      accept: 'application/json',
      'content-type': 'application/apply-patch+yaml',
    },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  return { status: response.status, body: answer.startsWith('{') ? JSON.parse(answer) : { message: answer.trim() } };
}

function say(what) {
  console.log(`WorkerPool ${pool.metadata.name}: ${what}`);
}

function refused(verb, { status, body }) {
  return `WorkerPool ${pool.metadata.name} cannot be ${verb}: ${status} ${body.message ?? body.reason}`;
}

function hashOf(content) {
  return createHash('sha256').update(content).digest('hex').slice(0, 40);
}

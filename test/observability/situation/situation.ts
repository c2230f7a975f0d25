// One installation of real processes that has gone through everything that metrics report, scraped by a real Prometheus with
// the rules of this project. Afterwards nothing changes any more but time.

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { newSecret } from '../../../src/webhooks/index.ts';
import { startEmptyCluster } from '../../support/emptyCluster.ts';
import { freePort } from '../../support/freePorts.ts';
import { startPrometheus, type Prometheus } from '../../support/prometheus.ts';
import { Site } from '../../support/site/site.ts';
import { TokensFile } from '../../support/site/tokensFile.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { openReceiver, writeSecrets, type Answer } from '../../support/webhookReceiver.ts';
import { Ledger, type SubmitCount } from './ledger.ts';
import { pools, script, unserved } from './pools.ts';
import type { Stage } from './stage.ts';
import { cancels, failures, retries, reviews, successes, webhooks } from './successes.ts';
import {
  controllerChange,
  fullQueue,
  lostWorker,
  outage,
  pausedPool,
  spentBudget,
  unusableKeys,
  waits,
} from './troubles.ts';

const rules = fileURLToPath(new URL('../../../prometheus/genwarden.rules.yaml', import.meta.url));

/** A request that the stand-in has answered. */
export interface ProviderRequest {
  readonly model: string;
  readonly status: number;
}

/** What happened, as everybody but Genwarden counted it. As JSON for the test files. */
export interface Facts {
  readonly prometheusUrl: string;
  readonly apiUrl: string;
  /** Unix time, seconds. */
  readonly startedAt: number;
  readonly jobs: readonly string[];
  readonly submits: readonly SubmitCount[];
  /** Of the callers. */
  readonly traceIds: readonly string[];
  readonly requests: readonly ProviderRequest[];
  /** The status of each answer of the receiver of webhooks. */
  readonly webhookAnswers: readonly number[];
  /** Of each part, seconds. */
  readonly took: Readonly<Record<string, number>>;
}

export interface Situation extends AsyncDisposable {
  readonly site: Site;
  readonly prometheus: Prometheus;
  readonly facts: Facts;
}

/** Its owner disposes it, or the end of this process does. It takes about a minute. */
export async function startSituation(): Promise<Situation> {
  const startedAt = Date.now() / 1000;
  await using owned = new AsyncDisposableStack();
  const secret = newSecret(randomBytes(32));
  const folder = owned.use(await tempFolder('situation'));
  const secretsFile = join(folder.path, 'webhook-secrets.json');
  await writeSecrets(secretsFile, ['default'], [secret]);
  const receiver = owned.use(await openReceiver(secret, (_, before, path) => answerOf(path, before)));
  const env = {
    GENWARDEN_WEBHOOK_SECRETS_FILE: secretsFile,
    GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8',
    GENWARDEN_NATS_MAX_BYTES: '1GiB',
  };
  const site = owned.use(await Site.start({ pools, unserved, env }));
  script(site.standin);
  await site.start('controller');
  await site.start('operator', owned.use(await startEmptyCluster('default')).env);
  await site.start('api', await guardedApi(folder.path));
  const prometheus = owned.use(await startPrometheus({ targets: site.targets(), ruleFiles: [rules] }));
  await prometheus.scraped();
  const ledger = new Ledger(site.client, site.url);
  const took = await play({ site, client: site.client, ledger, receiver, prometheus });
  await prometheus.scraped();
  const owner = owned.move();
  const facts = (): Facts => ({
    prometheusUrl: prometheus.url,
    apiUrl: site.url,
    startedAt,
    jobs: ledger.jobs,
    submits: ledger.submits,
    traceIds: ledger.traceIds,
    requests: site.standin.requests.flatMap(({ model, status, outcome }) =>
      outcome === 'answered' && status !== undefined ? [{ model, status }] : [],
    ),
    webhookAnswers: receiver.received.map(({ status }) => status),
    took,
  });
  return { site, prometheus, facts: facts(), [Symbol.asyncDispose]: () => owner.disposeAsync() };
}

/** Settings of an API that reads tokens. Nobody asks it for anything. */
async function guardedApi(folder: string): Promise<Record<string, string>> {
  const { path } = await TokensFile.write(folder, { ops: ['admin'] });
  return { GENWARDEN_HTTP_PORT: String(await freePort()), GENWARDEN_AUTH_TOKENS_FILE: path };
}

/** Resolves with the seconds of each part. */
async function play(stage: Stage): Promise<Record<string, number>> {
  const took: Record<string, number> = {};
  const timed = async (name: string, part: Promise<void>): Promise<void> => {
    const from = performance.now();
    await part;
    took[name] = Math.round((performance.now() - from) / 100) / 10;
  };
  const parts = { successes, failures, retries, reviews, cancels, webhooks, outage, unusableKeys, lostWorker };
  const more = { pausedPool, spentBudget, waits };
  await Promise.all(Object.entries({ ...parts, ...more }).map(([name, part]) => timed(name, part(stage))));
  await timed('fullQueue', fullQueue(stage));
  await timed('controllerChange', controllerChange(stage));
  return took;
}

/** What the receiver of webhooks answers. */
function answerOf(path: string, before: number): Answer {
  if (path === '/gone') return 410;
  return path === '/busy' && before === 0 ? { status: 503, headers: { 'retry-after': '0' } } : 204;
}

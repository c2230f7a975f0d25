// Opens the webhooks of an API process: the rules for submits, the store of deliveries, and, once the tenants have secrets, the
// part that sends.

import { ensureWebhookStream, natsLeadership, natsWebhookDeliveries } from '../adapters/nats/index.ts';
import { webhookHttp } from '../adapters/webhookHttp/index.ts';
import type { ApiOptions } from '../api/options.ts';
import type { Settings } from '../config/settings.ts';
import type { JsonObject } from '../job/jsonValue.ts';
import { longestLink } from '../job/linkKeys.ts';
import { isLoopback } from '../job/loopback.ts';
import { isoTime } from '../job/time.ts';
import type { WebhookDelivery } from '../job/webhooks/delivery.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { jobLinks } from '../jobs/links.ts';
import type { JobLog, JobRecord } from '../ports/jobLog.ts';
import type { LinkKeys } from '../ports/linkKeys.ts';
import type { ApiMetrics } from '../telemetry/metrics.ts';
import { openSecrets, startWebhooks, type RunningWebhooks, type WebhookOptions } from '../webhooks/index.ts';
import type { ProcessContext } from './bootstrap.ts';
import type { OpenLog } from './openPorts.ts';

export interface WebhookParts extends OpenLog {
  readonly linkKeys: LinkKeys;
  readonly metrics: ApiMetrics;
  /** Where this process listens: the links of an installation without a public address start with it. */
  readonly listenerUrl: string;
}

/** Throws `InvalidConfiguration` if the secrets file cannot be used. */
export function openWebhooks(
  context: ProcessContext,
  settings: Settings,
  parts: WebhookParts,
): Pick<ApiOptions, 'webhooks' | 'deliveries'> {
  const { link, logger, tracer, resources, hideSecrets } = context;
  const { allow, secretsFile } = settings.webhooks;
  const deliveries = natsWebhookDeliveries(link);
  const receiver = webhookHttp({ allow });
  const rulesFor = (hasSecret: (tenant: string) => boolean): NonNullable<ApiOptions['webhooks']> => ({
    hasSecret,
    isAllowed: (hostname) => receiver.isAllowed(hostname),
  });
  if (secretsFile === undefined) return { deliveries, webhooks: rulesFor(() => false) };
  const secrets = resources.own('webhook secrets', openSecrets(secretsFile, { logger, hideSecrets }), (it) =>
    it.close(),
  );
  const base = settings.http.publicUrl ?? parts.listenerUrl;
  const linksOf = (delivery: WebhookDelivery): Promise<JsonObject> => linksFor(parts, delivery, base);
  const options = {
    ...parts,
    name: context.name,
    deliveries,
    receiver,
    secrets,
    linksOf,
    random: Math.random,
    logger,
    tracer,
  };
  resources.own('webhooks', startSending(context, settings.retentionMs, options), (it) => it.close());
  const rules = rulesFor((tenant) => secrets.of(tenant).length > 0);
  return { deliveries, webhooks: { ...rules, problem: () => problemOf(secrets.failure()?.message, settings, base) } };
}

function problemOf(
  failure: string | undefined,
  { http }: Settings,
  base: string,
): { says: string; advice: string } | undefined {
  if (failure !== undefined)
    return { says: failure, advice: 'Correct the file; until then the last good version is used.' };
  // An API that only this machine can reach has receivers on this machine.
  if (http.publicUrl !== undefined || isLoopback(http.host)) return undefined;
  const says = `the links in webhooks start with ${base}, which their receivers may not be able to reach`;
  return { says, advice: 'Set GENWARDEN_PUBLIC_URL.' };
}

/** In the background: an API whose NATS user lacks the permissions of webhooks serves everything else. */
function startSending(
  { link, logger }: ProcessContext,
  retentionMs: number,
  options: Omit<WebhookOptions, 'leadership'>,
): RunningWebhooks {
  const stop = new AbortController();
  let running: RunningWebhooks | undefined;
  void open().catch((error: unknown) => {
    if (stop.signal.aborted) return;
    logEvent(logger, 'webhooks_unavailable', { err: error }, 'Webhooks are not sent by this process');
  });
  return {
    close: async () => {
      stop.abort();
      await running?.close();
    },
  };

  async function open(): Promise<void> {
    await ensureWebhookStream(link, retentionMs, stop.signal);
    const leadership = await natsLeadership(link);
    if (!stop.signal.aborted) running = startWebhooks({ ...options, leadership });
  }
}

/** A larger number would make the payload too large for many receivers; the job has the links to all. */
const mostArtifacts = 30;

/** Valid as long as the job is kept. The links of an event of a task have the artifacts of that task. Empty for a deleted job. */
async function linksFor(
  { log, linkKeys, clock }: WebhookParts,
  delivery: WebhookDelivery,
  base: string,
): Promise<JsonObject> {
  const record = await recordFor(log, delivery);
  if (record === undefined) return {};
  const expiresAt = Math.min(delivery.expiresAt, clock.now() + longestLink);
  const { job, events, artifacts } = await jobLinks({ linkKeys }, record, { base, expiresAt });
  const shown = artifacts.slice(0, mostArtifacts).map((link) => ({ ...link }));
  return { job, events, artifacts: shown, artifactsTotal: artifacts.length, expiresAt: isoTime(expiresAt) };
}

async function recordFor(log: JobLog, { job, pool, task }: WebhookDelivery): Promise<JobRecord | undefined> {
  if (task === null) return log.read(job, pool);
  const address = { job, pool, task };
  const [last, request] = await Promise.all([log.last(address), log.request(address)]);
  return last && request && { job, tasks: [{ last, request }] };
}

// Webhooks: one API process at a time collects the events of jobs and sends them.

import { sleep } from '../async/sleep.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { Leadership } from '../ports/leadership.ts';
import type { WebhookDeliveries } from '../ports/webhookDeliveries.ts';
import type { Follower } from '../readmodel/follower.ts';
import { LeaderElector } from '../readmodel/leaderElector.ts';
import type { Logger } from '../telemetry/log.ts';
import { Collector } from './collector.ts';
import { Sender, type SenderOptions } from './sender.ts';

export { newSecret, openSecrets, parseSecrets, type SecretEntry } from './secrets.ts';

export interface WebhookOptions extends SenderOptions {
  /** Unique to this process. */
  readonly name: string;
  readonly log: JobLog;
  readonly deliveries: WebhookDeliveries;
  readonly leadership: Leadership;
  readonly follower: Pick<Follower, 'ready' | 'lag' | 'position'>;
  readonly logger: Logger;
}

export interface RunningWebhooks {
  close(): Promise<void>;
}

const checkEvery = 500;
const countEvery = 30_000;

/** Campaigns until closed, and works while it leads. */
export function startWebhooks(options: WebhookOptions): RunningWebhooks {
  const { name, leadership, follower, logger } = options;
  const stop = new AbortController();
  const elector = new LeaderElector({ role: 'webhooks', name, leadership, follower, logger });
  const checking = setInterval(() => elector.check(), checkEvery);
  const campaign = elector.campaign((term) => lead(options, term), stop.signal);
  return {
    close: async () => {
      stop.abort();
      clearInterval(checking);
      elector.check();
      await campaign;
    },
  };
}

/** Resolves when the term is over, or earlier when this process cannot do its part: then another one may lead. */
async function lead(options: WebhookOptions, term: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([term, failed.signal]);
  const sender = new Sender(options);
  const collector = new Collector({
    ...options,
    pendingOf: (tenant) => sender.pendingOf(tenant),
    onStored: (stored) => {
      if (stored.delivery.state === 'pending') sender.add(stored);
      else options.metrics.webhookDeliveries.inc({ outcome: 'dead' });
    },
  });
  const collecting = collector.run(options.follower.position().epoch, signal).catch((error: unknown) => {
    const isNewer = error instanceof GenwardenError && error.code === 'NotReady';
    const why = isNewer ? 'a newer API process has to continue' : 'trying again';
    const message = `Collecting webhook events stopped: ${why}`;
    if (!signal.aborted) logEvent(options.logger, 'webhook_collecting_stopped', { err: error }, message);
    failed.abort();
  });
  await Promise.all([collecting, sender.run(signal), keepCounting(options, signal)]);
}

async function keepCounting({ deliveries, metrics }: WebhookOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const count = await deliveries.countDead().catch(() => undefined);
    if (count !== undefined) metrics.webhooksDead.set(count);
    await sleep(countEvery, signal);
  }
  metrics.webhooksDead.set(0);
}

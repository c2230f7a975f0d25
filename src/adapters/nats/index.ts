// The adapters to NATS: every port except the provider. Each takes the process's one link and ends with it.

export { natsArtifactStore } from './artifacts/index.ts';
export { natsClock } from './clock/index.ts';
export { watchConnectionLosses } from './heartbeats/connectionLosses.ts';
export { answerRollCalls, natsHeartbeats } from './heartbeats/index.ts';
export { natsInstallationProbe } from './installationProbe.ts';
export { natsKeyRing, type NatsKeyRing } from './keys/index.ts';
export { natsLeadership } from './kv/leadership.ts';
export { natsLinkKeys } from './kv/linkKeys.ts';
export { natsPoolRegistry } from './kv/poolRegistry.ts';
export { natsScrapeMarks } from './log/scrapeMarks.ts';
export { connectNats, type NatsLink, type NatsSettings } from './link/connection.ts';
export { storageOf } from './jetstream/storageHealth.ts';
export { natsJobLog } from './log/index.ts';
export { natsTombstones } from './log/tombstones.ts';
export { provisionNats } from './provision.ts';
export { natsRequestCounts } from './requests/index.ts';
export { natsPartialTexts } from './texts/index.ts';
export { mayUseParts, natsTaskQueue } from './queue/index.ts';
export { natsWebhookDeliveries } from './webhooks/index.ts';
export { ensureWebhookStream } from './webhooks/stream.ts';

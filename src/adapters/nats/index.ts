// The adapters to NATS: every port but the provider. Each takes the process’s one link and ends with it.

export { natsArtifactStore } from './artifactStore.ts';
export { natsClock } from './clock.ts';
export { connectNats, type NatsLink, type NatsSettings } from './connection.ts';
export { watchConnectionLosses } from './connectionLosses.ts';
export { answerRollCalls, natsHeartbeats } from './heartbeats.ts';
export { natsInstallationProbe } from './installationProbe.ts';
export { natsKeyRing } from './keyRing.ts';
export { natsJobLog } from './jobLog.ts';
export { natsLeadership } from './leadership.ts';
export { natsPoolRegistry } from './poolRegistry.ts';
export { provisionNats } from './provision.ts';
export { natsTaskQueue } from './taskQueue.ts';

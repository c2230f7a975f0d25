// Every port in the memory of one process, for tests that need no server.

export { memoryArtifactStore } from './artifactStore.ts';
export { systemClock, virtualClock, type VirtualClock } from './clock.ts';
export { memoryHeartbeats, type MemoryHeartbeats } from './heartbeats.ts';
export { memoryJobLog } from './jobLog.ts';
export { memoryKeyShelf } from './keyRing.ts';
export { memoryLeadership } from './leadership.ts';
export { memoryPoolRegistry } from './poolRegistry.ts';
export { MemoryStream } from './stream.ts';
export { memoryTaskQueue } from './taskQueue.ts';

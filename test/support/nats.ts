// Real nats-servers for tests: one, or a cluster.
export { findNatsServer } from './natsBinary.ts';
export { startNatsServer } from './natsServer.ts';
export type { NatsServer } from './natsServer.ts';
export { startNatsCluster } from './natsCluster.ts';
export type { NatsCluster } from './natsCluster.ts';

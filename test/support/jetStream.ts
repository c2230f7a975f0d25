// JetStream's own client on the connection of a link, for tests that look at what is stored or change it.

import { jetstreamManager, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsLink } from '../../src/adapters/nats/index.ts';

export const managerOf = ({ connection }: NatsLink): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false });

export const infoOf = async (link: NatsLink, stream: string): Promise<StreamInfo> =>
  (await managerOf(link)).streams.info(stream);

// A nats-server for one test, and links to it. Both end with the test.

import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { NatsLink } from '../../../src/adapters/nats/index.ts';
import { testLink } from '../../conformance/ports.ts';
import { startNatsServer, type NatsServer } from '../../support/natsServer.ts';

export interface TestNats {
  readonly server: NatsServer;
  readonly prefix: string;
  /** A new link of the same installation. */
  link(name?: string): Promise<NatsLink>;
}

export async function openNats(options: Parameters<typeof startNatsServer>[0] = {}): Promise<TestNats> {
  const server = await startNatsServer(options);
  onTestFinished(() => server.stop());
  const prefix = `t${randomBytes(4).toString('hex')}`;
  return { server, prefix, link: (name) => testLink(server.url, prefix, name) };
}

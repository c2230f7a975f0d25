// The ports of several processes that share an installation: in memory, and on a real nats-server. Each suite runs on both.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { fakeArtifactStore } from '../fakes/artifactStore.ts';
import { fakeHeartbeats } from '../fakes/heartbeats.ts';
import { fakeKeyRings } from '../fakes/keyRing.ts';
import { fakeLeadership } from '../fakes/leadership.ts';
import { fakeLinkKeys } from '../fakes/linkKeys.ts';
import { fakePartialTexts } from '../fakes/partialTexts.ts';
import { fakeRequestCounts } from '../fakes/requestCounts.ts';
import { fakePoolRegistry } from '../fakes/poolRegistry.ts';
import { fakeScrapeMarks } from '../fakes/scrapeMarks.ts';
import { fakeTombstones } from '../fakes/tombstones.ts';
import { fakeWebhookDeliveries } from '../fakes/webhookDeliveries.ts';
import {
  connectNats,
  ensureWebhookStream,
  natsArtifactStore,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsLeadership,
  natsLinkKeys,
  natsPartialTexts,
  natsPoolRegistry,
  natsRequestCounts,
  natsScrapeMarks,
  natsTombstones,
  natsWebhookDeliveries,
  type NatsLink,
} from '../../src/adapters/nats/index.ts';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Heartbeats } from '../../src/ports/heartbeats.ts';
import type { KeySettings } from '../../src/ports/keyRing.ts';
import type { RunningLimits } from '../../src/job/shares.ts';
import type { OpenRing } from '../../src/adapters/nats/keys/ring.ts';
import type { Budgets } from '../../src/adapters/nats/keys/spending.ts';
import type { Leadership } from '../../src/ports/leadership.ts';
import type { LinkKeys } from '../../src/ports/linkKeys.ts';
import type { PartialTexts } from '../../src/ports/partialTexts.ts';
import type { RequestCounts } from '../../src/ports/requestCounts.ts';
import type { PoolRegistry } from '../../src/ports/poolRegistry.ts';
import type { Tombstones } from '../../src/ports/tombstones.ts';
import type { ScrapeMarks } from '../../src/ports/scrapeMarks.ts';
import type { WebhookDeliveries } from '../../src/ports/webhookDeliveries.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { s3ArtifactStore, type S3ArtifactStore, type S3Options } from '../../src/adapters/s3/index.ts';
import { defaultPathTemplate } from '../../src/job/pathTemplate.ts';
import { startS3Server, type S3Server } from '../support/s3Server.ts';

/** One process's view of the installation. */
export interface RingLimits {
  readonly budgets?: Record<string, Budgets>;
  readonly limits?: (pool: string) => RunningLimits;
}

export interface TestProcess {
  artifacts(clock: Clock): Promise<ArtifactStore>;
  heartbeats(): Heartbeats;
  keys(clock: Clock, keys: Record<string, KeySettings[]>, more?: RingLimits): Promise<OpenRing>;
  leadership(): Promise<Leadership>;
  linkKeys(clock: Clock): LinkKeys;
  pools(): Promise<PoolRegistry>;
  scrapeMarks(): ScrapeMarks;
  texts(): PartialTexts;
  tombstones(): Promise<Tombstones>;
  counts(): RequestCounts;
  webhooks(): Promise<WebhookDeliveries>;
}

export interface Installation {
  /** Ends with the test. */
  process(): Promise<TestProcess>;
}

export const silentLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Runs the suite on each adapter; `open` makes an installation of its own for a test. */
export function onEachAdapter(suite: (open: () => Installation, adapter: 'memory' | 'nats') => void): void {
  describe('in memory', () => {
    suite(memoryInstallation, 'memory');
  });
  describe('on NATS', () => {
    let server: NatsServer;
    beforeAll(async () => {
      server = await startNatsServer();
    });
    afterAll(() => server.stop());
    suite(() => natsInstallation(server.url), 'nats');
  });
}

/** What a suite about artifacts needs of a process. */
export interface ArtifactInstallation {
  process(): Promise<Pick<TestProcess, 'artifacts'>>;
}

/** The same for artifacts alone, which may be in S3 too. */
export function onEachArtifactStore(
  suite: (open: () => ArtifactInstallation, adapter: 'memory' | 'nats' | 's3') => void,
): void {
  onEachAdapter(suite);
  describe('on S3', () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await startS3Server();
    });
    afterAll(() => server.stop());
    suite(() => s3Installation(server), 's3');
  });
}

function s3Installation(server: S3Server): ArtifactInstallation {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const artifacts = async (clock: Clock): Promise<ArtifactStore> => s3Store(server, { prefix, clock });
  return { process: () => Promise.resolve({ artifacts }) };
}

/** Ends with the test. */
export function s3Store(
  { url, bucket, accessKeyId, secretAccessKey }: S3Server,
  { prefix = 'test', clock, ...more }: { prefix?: string; clock: Clock } & Partial<S3Options>,
): S3ArtifactStore {
  const credentials = { accessKeyId, secretAccessKey };
  const pathTemplate = `${prefix}/${defaultPathTemplate}`;
  const storage = { refused: () => undefined, hasRoom: () => undefined };
  const store = s3ArtifactStore(
    { endpoint: url, bucket, region: 'us-east-1', credentials, pathTemplate, forcePathStyle: true },
    { prefix, retentionMs: 3_600_000, clock, storage, hideSecrets: () => undefined, ...more },
  );
  onTestFinished(() => store.close());
  return store;
}

function memoryInstallation(): Installation {
  const artifacts = fakeArtifactStore();
  const heartbeats = fakeHeartbeats();
  const leadership = fakeLeadership();
  const pools = fakePoolRegistry();
  const marks = fakeScrapeMarks();
  const texts = fakePartialTexts();
  const counts = fakeRequestCounts();
  const tombstones = fakeTombstones();
  const webhooks = fakeWebhookDeliveries();
  let linkKeys: LinkKeys | undefined;
  let shelf: ReturnType<typeof fakeKeyRings> | undefined;
  const process: TestProcess = {
    artifacts: () => Promise.resolve(artifacts),
    heartbeats: () => heartbeats,
    keys: (clock, keys, { budgets, limits } = {}) =>
      Promise.resolve((shelf ??= fakeKeyRings(clock)).ring(keys, budgets, limits)),
    leadership: () => Promise.resolve(leadership),
    linkKeys: (clock) => (linkKeys ??= fakeLinkKeys(clock)),
    pools: () => Promise.resolve(pools),
    scrapeMarks: () => marks,
    texts: () => texts,
    tombstones: () => Promise.resolve(tombstones),
    counts: () => counts,
    webhooks: () => Promise.resolve(webhooks),
  };
  return { process: () => Promise.resolve(process) };
}

function natsInstallation(url: string): Installation {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  return { process: async () => natsProcess(await testLink(url, prefix)) };
}

function natsProcess(link: NatsLink): TestProcess {
  return {
    artifacts: (clock) => natsArtifactStore(link, { retentionMs: 3_600_000, clock }),
    heartbeats: () => natsHeartbeats(link),
    keys: (clock, keys, more = {}) => natsKeyRing(link, { clock, keys, ...more }),
    leadership: () => natsLeadership(link, { leaseMs: 1_000, renewMs: 250, checkMs: 100 }),
    linkKeys: (clock) => natsLinkKeys(link, clock),
    pools: () => natsPoolRegistry(link),
    scrapeMarks: () => natsScrapeMarks(link),
    texts: () => natsPartialTexts(link),
    tombstones: async () => {
      await natsJobLog(link, { retentionMs: 3_600_000 });
      return natsTombstones(link);
    },
    counts: () => natsRequestCounts(link),
    webhooks: async () => {
      await ensureWebhookStream(link, 3_600_000);
      return natsWebhookDeliveries(link);
    },
  };
}

/** A connection that closes with the test. */
export async function testLink(url: string, prefix: string, name = 'test'): Promise<NatsLink> {
  const context = { signal: AbortSignal.timeout(10_000), log: silentLog };
  const link = await connectNats({ urls: [url], prefix, name }, context);
  onTestFinished(() => link.close());
  return link;
}

// Opens the ports that processes share: the job log, its queue, and the follower that keeps the read model, for the api, the
// controller and the operator. Messages that this version cannot read are logged, not processed.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  mayUseParts,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsPartialTexts,
  natsPoolRegistry,
  natsTaskQueue,
} from '../adapters/nats/index.ts';
import { jsonSchemaChecker } from '../adapters/jsonSchema/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { ImageReader } from '../ports/imageReader.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { PartialTexts } from '../ports/partialTexts.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { SchemaChecker } from '../ports/schemaChecker.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import { startFollower, type Follower, type FollowerOptions } from '../readmodel/follower.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Settings } from '../config/settings.ts';
import { openArtifacts } from './artifacts.ts';
import type { ProcessContext } from './bootstrap.ts';
import { poolShares } from './poolShares.ts';

export interface OpenLog {
  readonly clock: Clock;
  readonly log: JobLog;
  readonly follower: Follower;
  readonly queue: TaskQueue;
}

export interface Ports extends OpenLog {
  readonly heartbeats: Heartbeats;
  readonly texts: PartialTexts;
  readonly artifacts: ArtifactStore;
  readonly images: ImageReader;
  readonly keys: KeyRing;
  readonly pools: PoolRegistry;
  readonly schemas: SchemaChecker;
  readonly mayUseParts: boolean;
}

/** How much of the stream the follower reads at least at the start, and how many finished jobs its index keeps. */
interface Reach {
  readonly messages: number;
  readonly finishedJobs: number;
}

/** Follower and queue are closed with the process. `retentionMs`: how long a job is kept from its submit. */
export async function openLog(
  { link, logger, resources }: ProcessContext,
  retentionMs: number,
  reach?: Reach,
): Promise<OpenLog> {
  const clock = await natsClock(link);
  const onSkipped = warnSkipped(logger);
  // A submit is refused when the stream has no room left for tasks beyond those that are already open.
  const openTasks = (): number => follower.index.size.openTasks;
  const log = await natsJobLog(link, { retentionMs, now: clock.now, onSkipped, openTasks });
  const wide: Pick<FollowerOptions, 'from' | 'maxFinished'> =
    reach === undefined
      ? {}
      : { from: { from: 'watermark', atLeast: reach.messages }, maxFinished: reach.finishedJobs };
  const following = startFollower({ log, clock, logger, onFirstCurrent: returnMemory, ...wide });
  const follower = resources.own('follower', following, (it) => it.close());
  const queue = resources.own('queue', natsTaskQueue(link, { onSkipped }), (it) => it.close());
  return { clock, log, follower, queue };
}

/** The ports of a process that serves requests or resources and runs no tasks. It observes the keys but holds none. */
export async function openPorts(context: ProcessContext, settings: Settings, opened: OpenLog): Promise<Ports> {
  const { link, resources } = context;
  const { clock } = opened;
  const pools = await natsPoolRegistry(link);
  const shares = poolShares(pools, link.closing);
  // Workers and controllers use other parts of this file, and should start without sharp.
  const { sharpImageReader } = await import('../adapters/images/index.ts');
  return {
    ...opened,
    mayUseParts: mayUseParts(link),
    heartbeats: natsHeartbeats(link),
    texts: natsPartialTexts(link),
    artifacts: await openArtifacts(context, settings, clock),
    images: sharpImageReader(),
    keys: await natsKeyRing(link, { keys: {}, limits: (of) => shares(of).limits ?? {}, clock }),
    pools,
    schemas: resources.own('schema checks', jsonSchemaChecker(), (it) => it.close()),
  };
}

const skippedMessages = {
  newerSchema: 'skipped a message that a newer version of Genwarden wrote; processes of that version handle it',
  garbage: 'skipped a message in the stream that Genwarden did not write',
} as const;

/** Warns about skipped messages, at most once a minute for each kind. */
export function warnSkipped(logger: Logger): (why: keyof typeof skippedMessages) => void {
  const warnedAt = new Map<string, number>();
  return (why) => {
    const now = performance.now();
    if (now - (warnedAt.get(why) ?? -Infinity) < 60_000) return;
    warnedAt.set(why, now);
    logEvent(logger, 'message_skipped', { why }, skippedMessages[why]);
  };
}

/**
 * Reading the stream at the start leaves several times the size of its index behind as garbage, which V8 would keep for a
 * long time in a process that has gigabytes to spare. An ordinary collection leaves the index scattered over mostly empty
 * pages, up to twice its size; this one compacts, and blocks for about four milliseconds per megabyte that survives.
 */
function returnMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

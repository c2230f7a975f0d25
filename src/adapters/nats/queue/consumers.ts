// The durable pull consumers of a pool, one per lane and tenant part: created by the leading controller, used by workers. Pausing a pool
// pauses all its consumers on the server, so it holds for every worker.

import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { mapLimit } from '../../../async/mapLimit.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { queueParts, type QueuePart } from '../../../job/parts.ts';
import { lanes, type Instant, type Lane, type Sequence } from '../../../job/task.ts';
import type { Watermark } from '../../../ports/jobLog.ts';
import type { AckFloors, Pause, QueueDepth } from '../../../ports/taskQueue.ts';
import { askApi, consumerInfo } from '../jetstream/api.ts';
import { isRefusal } from '../jetstream/errors.ts';
import type { NatsLink } from '../link/connection.ts';
import { lastOfTask } from '../log/entries.ts';
import { consumerName, laneFilter, laneToken, streamName } from '../stream/subjects.ts';

/** From delivery to claim, ms: the deliveries that a frozen worker holds are delivered again after this. */
const ackWait = 5_000;

/** The settings that a consumer must have; its start may be anywhere. */
function wantedConfig(prefix: string, pool: string, at: QueuePart) {
  return {
    durable_name: consumerName(pool, at),
    description: `Genwarden: lane ${laneToken(at)} of pool ${pool}`,
    ack_policy: 'explicit',
    ack_wait: nanos(ackWait),
    // A message that reaches a limit can never be delivered again: attempts are counted in the task's own log.
    max_deliver: -1,
    filter_subject: laneFilter(prefix, pool, at),
    // The low defaults of both would stop a large fleet, or a day of given-back messages.
    max_ack_pending: 1_000_000,
    max_waiting: 20_000,
  } as const satisfies Partial<ConsumerConfig>;
}

const ownLanes: readonly QueuePart[] = lanes.map((lane) => ({ lane }));

/** Throws `Unavailable`, or `NatsUnsuitable` if NATS refuses a consumer. */
export async function ensureConsumers(
  link: NatsLink,
  pool: string,
  readMark: () => Promise<Watermark | undefined>,
): Promise<void> {
  await Promise.all(queueParts.map((at) => ensureConsumer(link, pool, at, readMark)));
}

/** Undelivered and unacknowledged specs; a lane without a consumer counts as empty. Throws `Unavailable`. */
export async function consumersDepth(link: NatsLink, pool: string): Promise<QueueDepth> {
  const depth = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>;
  let unacknowledged = 0;
  for (const [at, info] of await consumersOf(link, pool, queueParts)) {
    depth[at.lane] += info?.num_pending ?? 0;
    unacknowledged += info?.num_ack_pending ?? 0;
  }
  return { lanes: depth, unacknowledged };
}

/** Throws `Unavailable`. */
export async function ackFloors(link: NatsLink, pool: string): Promise<AckFloors> {
  const infos = await consumersOf(link, pool, queueParts);
  const floors = new Map(infos.map(([at, info]) => [laneToken(at), info?.ack_floor.stream_seq ?? 0]));
  return (at) => floors.get(laneToken(at)) ?? 0;
}

/** JetStream requires an end for each pause: this one means "until resumed". */
const farFuture = Date.UTC(2200, 0, 1);

/** Throws `Unavailable`, also if a lane has no consumer yet. */
export async function pauseConsumers(link: NatsLink, pool: string, until: Instant = farFuture): Promise<void> {
  await changePause(link, pool, { pause_until: new Date(Math.min(until, farFuture)).toISOString() });
}

export const resumeConsumers = (link: NatsLink, pool: string): Promise<void> => changePause(link, pool, {});

/** A pool is paused if any of its lanes is, until the last pause ends. */
export async function pauseOfConsumers(link: NatsLink, pool: string): Promise<Pause | undefined> {
  // A pause covers all parts.
  const infos = await consumersOf(link, pool, ownLanes);
  const ends = infos.flatMap(([, info]) => (info?.paused === true ? Date.parse(String(info.config.pause_until)) : []));
  if (ends.length === 0) return undefined;
  const until = Math.max(...ends);
  return { until: until >= farFuture ? null : until };
}

async function changePause(link: NatsLink, pool: string, body: { readonly pause_until?: string }): Promise<void> {
  const stream = streamName(link.prefix);
  const change = (at: QueuePart): Promise<unknown> =>
    askApi(link, `CONSUMER.PAUSE.${stream}.${consumerName(pool, at)}`, body);
  try {
    await Promise.all(queueParts.map(change));
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    const message = `The queue of pool ${pool} cannot be changed: ${(cause as Error).message}. The leading controller creates it.`;
    throw new GenwardenError('Unavailable', message, { cause });
  }
}

/** Undefined for a lane without a consumer. */
function consumersOf(
  link: NatsLink,
  pool: string,
  parts: readonly QueuePart[],
): Promise<readonly (readonly [QueuePart, ConsumerInfo | undefined])[]> {
  const stream = streamName(link.prefix);
  return Promise.all(parts.map(async (at) => [at, await consumerInfo(link, stream, consumerName(pool, at))] as const));
}

async function ensureConsumer(
  link: NatsLink,
  pool: string,
  at: QueuePart,
  readMark: () => Promise<Watermark | undefined>,
): Promise<void> {
  const wanted = wantedConfig(link.prefix, pool, at);
  const info = await consumerInfo(link, streamName(link.prefix), wanted.durable_name);
  if (info === undefined) return createConsumer(link, { ...wanted, ...(await startOf(link, readMark)) });
  const found = info.config as unknown as Record<string, unknown>;
  const fits = Object.entries(wanted).every(([name, value]) => found[name] === value);
  // The start of an existing consumer cannot be changed, so it is kept.
  if (!fits) await createConsumer(link, { ...info.config, ...wanted });
}

async function createConsumer(
  link: NatsLink,
  config: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  const stream = streamName(link.prefix);
  const name = config.durable_name;
  try {
    await askApi(link, `CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config, action: '' });
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    const message = `NATS refused the consumer ${name} of stream ${stream}: ${(cause as Error).message}. Delete it with \`nats consumer rm\`; the controller creates it again.`;
    throw new GenwardenError('NatsUnsuitable', message, { cause });
  }
}

/** A new consumer would offer every spec ever stored: it starts at the first one that may still be queued. */
async function startOf(
  link: NatsLink,
  readMark: () => Promise<Watermark | undefined>,
): Promise<Pick<ConsumerConfig, 'deliver_policy' | 'opt_start_seq'>> {
  const mark = await readMark();
  if (mark === undefined || mark.sequence <= 1) return { deliver_policy: 'all' };
  const queued = await mapLimit(16, mark.stragglers, async (address): Promise<Sequence> => {
    const last = await lastOfTask({ link, now: Date.now }, address);
    return last?.state.state === 'queued' ? last.sequence : Infinity;
  });
  return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.min(mark.sequence, ...queued) };
}

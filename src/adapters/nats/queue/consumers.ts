// The durable pull consumers of a pool, one a lane: made by the leading controller, waited for by workers.

import { GenwardenError } from '../../../job/errors/index.ts';
import { lanes, type Lane, type Sequence } from '../../../job/task.ts';
import type { Watermark } from '../../../ports/jobLog.ts';
import type { QueueDepth } from '../../../ports/taskQueue.ts';
import { askApi, type ApiAnswer } from '../jetstream/api.ts';
import { lastOfTask, type LogContext } from '../log/write.ts';
import { mapLimit } from '../../../async/mapLimit.ts';
import { consumerName, laneFilter, streamName } from '../stream/subjects.ts';

const nanos = 1_000_000;

/** From delivery to claim, ms: what a worker that froze had in hand comes again after this. */
const ackWait = 5_000;

/** What makes a consumer fit; where it started is not part of it. */
function consumerConfig(prefix: string, pool: string, lane: Lane) {
  return {
    durable_name: consumerName(pool, lane),
    description: `Genwarden: lane ${lane} of pool ${pool}`,
    ack_policy: 'explicit',
    ack_wait: ackWait * nanos,
    // A message that is given up can never be revived: attempts are counted in the task's own log.
    max_deliver: -1,
    filter_subject: laneFilter(prefix, pool, lane),
    // Both are low by default, and would stop a large fleet or a day of given-back messages.
    max_ack_pending: 1_000_000,
    max_waiting: 20_000,
  };
}

/** Throws `Unavailable`, or `NatsUnsuitable` where NATS refuses a consumer. */
export async function ensureConsumers(
  context: LogContext,
  pool: string,
  readMark: () => Promise<Watermark | undefined>,
): Promise<void> {
  await Promise.all(lanes.map((lane) => ensureConsumer(context, pool, lane, readMark)));
}

/** Undelivered and unacknowledged specs; lanes without a consumer count nothing. Throws `Unavailable`. */
export async function consumersDepth(context: LogContext, pool: string): Promise<QueueDepth> {
  const infos = await Promise.all(lanes.map((lane) => consumerInfo(context, pool, lane)));
  return {
    lanes: Object.fromEntries(
      lanes.map((lane, index) => [lane, infos[index]!.num_pending ?? 0]),
    ) as QueueDepth['lanes'],
    unacknowledged: infos.reduce((sum, info) => sum + (info.num_ack_pending ?? 0), 0),
  };
}

/** Throws `Unavailable`. */
export async function ackFloors(context: LogContext, pool: string): Promise<Record<Lane, Sequence>> {
  const infos = await Promise.all(lanes.map((lane) => consumerInfo(context, pool, lane)));
  const floors = lanes.map((lane, index) => [lane, infos[index]!.ack_floor?.stream_seq ?? 0]);
  return Object.fromEntries(floors) as Record<Lane, Sequence>;
}

export interface ConsumerInfo {
  readonly config?: Record<string, unknown>;
  readonly paused?: boolean;
  readonly num_pending?: number;
  readonly num_ack_pending?: number;
  readonly ack_floor?: { readonly stream_seq: Sequence };
}

export function consumerInfo(
  { requests, prefix }: LogContext,
  pool: string,
  lane: Lane,
): Promise<ApiAnswer<ConsumerInfo>> {
  return askApi(requests, `CONSUMER.INFO.${streamName(prefix)}.${consumerName(pool, lane)}`, {});
}

async function ensureConsumer(
  context: LogContext,
  pool: string,
  lane: Lane,
  readMark: () => Promise<Watermark | undefined>,
): Promise<void> {
  const wanted = consumerConfig(context.prefix, pool, lane);
  const { config: found } = await consumerInfo(context, pool, lane);
  if (found === undefined) return createConsumer(context, { ...wanted, ...(await startOf(context, readMark)) });
  const fits = Object.entries(wanted).every(([name, value]) => found[name] === value);
  // The start cannot be changed later, so it stays what it is.
  if (!fits) await createConsumer(context, { ...found, ...wanted });
}

async function createConsumer(
  { requests, prefix }: LogContext,
  config: object & { durable_name: string },
): Promise<void> {
  const stream = streamName(prefix);
  const body = { stream_name: stream, config, action: '' };
  const { error } = await askApi(requests, `CONSUMER.CREATE.${stream}.${config.durable_name}`, body);
  if (error === undefined) return;
  const message = `NATS refused the consumer ${config.durable_name} of stream ${stream}: ${error.description}. Delete it with \`nats consumer rm\`; it is made again.`;
  throw new GenwardenError('NatsUnsuitable', message);
}

/** A new consumer would offer every spec there ever was: it starts where the first that may still be queued lies. */
async function startOf(context: LogContext, readMark: () => Promise<Watermark | undefined>): Promise<object> {
  const mark = await readMark();
  if (mark === undefined || mark.sequence <= 1) return { deliver_policy: 'all' };
  const queued = await mapLimit(16, mark.stragglers, async (address): Promise<Sequence> => {
    const last = await lastOfTask(context, address);
    return last?.state.state === 'queued' ? last.sequence : Infinity;
  });
  return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.min(mark.sequence, ...queued) };
}

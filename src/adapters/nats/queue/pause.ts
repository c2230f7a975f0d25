// A pool's pause: JetStream holds back the consumers of all its lanes, on the server, whoever pulls.

import { GenwardenError } from '../../../job/errors/index.ts';
import { lanes, type Instant } from '../../../job/task.ts';
import type { Pause } from '../../../ports/taskQueue.ts';
import { askApi } from '../jetstream/api.ts';
import type { LogContext } from '../log/write.ts';
import { consumerName, streamName } from '../stream/subjects.ts';
import { consumerInfo } from './consumers.ts';

/** JetStream knows no pause without an end: this is as good as none. */
const forEver = Date.UTC(2200, 0, 1);

/** Throws `Unavailable`, also where a lane has no consumer yet. */
export async function pauseConsumers(context: LogContext, pool: string, until: Instant = forEver): Promise<void> {
  await eachLane(context, pool, { pause_until: new Date(Math.min(until, forEver)).toISOString() });
}

export const resumeConsumers = (context: LogContext, pool: string): Promise<void> => eachLane(context, pool, {});

/** Paused where one of the lanes is, for as long as the last of them. */
export async function pauseOfConsumers(context: LogContext, pool: string): Promise<Pause | undefined> {
  const infos = await Promise.all(lanes.map((lane) => consumerInfo(context, pool, lane)));
  const ends = infos.flatMap(({ paused, config }) =>
    paused === true ? Date.parse(String(config?.['pause_until'])) : [],
  );
  if (ends.length === 0) return undefined;
  const until = Math.max(...ends);
  return { until: until >= forEver ? null : until };
}

async function eachLane({ requests, prefix }: LogContext, pool: string, body: object): Promise<void> {
  const stream = streamName(prefix);
  const ask = (lane: (typeof lanes)[number]) =>
    askApi(requests, `CONSUMER.PAUSE.${stream}.${consumerName(pool, lane)}`, body);
  const refused = (await Promise.all(lanes.map(ask))).find(({ error }) => error !== undefined);
  if (refused === undefined) return;
  const message = `The queue of pool ${pool} cannot be changed: ${refused.error!.description}. A leading controller makes it.`;
  throw new GenwardenError('Unavailable', message);
}

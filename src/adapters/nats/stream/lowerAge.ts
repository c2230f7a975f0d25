// Lowers max_age after GENWARDEN_RETENTION was lowered. Jobs that were submitted before keep the expiry that they were promised, and
// the stream deletes by age alone. So the stream's metadata says since when its age is longer than it has to be: one such age
// later, all those jobs have expired.

import type { StreamConfig } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import { limitText } from '../../../job/duration.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import type { NatsLink } from '../link/connection.ts';
import type { WantedSettings } from './keptSettings.ts';

const longerSince = 'genwarden.max-age-longer-since';

/**
 * The change to make at `now`, an RFC 3339 time, if any. The mark names the wanted age: another change of the retention starts the wait again. Buckets
 * of values that expire by themselves, and streams without an age, are left alone.
 */
export function ageChange(
  config: StreamConfig,
  { max_age }: Pick<WantedSettings, 'max_age'>,
  now: string,
): Partial<StreamConfig> | undefined {
  const { [longerSince]: mark, ...metadata } = config.metadata ?? {};
  const isLonger = max_age > 0 && config.max_age > max_age && !config.name.startsWith('KV_');
  if (!isLonger) return mark === undefined ? undefined : { metadata };
  const [wanted, since] = mark?.split(' ') ?? [];
  if (wanted !== String(max_age) || since === undefined)
    return { metadata: { ...metadata, [longerSince]: `${max_age} ${now}` } };
  return Date.parse(now) < Date.parse(since) + millis(config.max_age) ? undefined : { max_age, metadata };
}

export function logAgeChange(
  { log }: Pick<NatsLink, 'log'>,
  before: StreamConfig,
  change: Partial<StreamConfig>,
): void {
  const age = (ns: number): string => limitText(millis(ns));
  const { name: stream, max_age } = before;
  if (change.max_age !== undefined) {
    const message = `${stream} keeps messages for ${age(change.max_age)}, no longer for ${age(max_age)}: all jobs from before the retention was lowered have expired`;
    logEvent(log, 'stream_age_lowered', { stream }, message);
  } else if (change.metadata?.[longerSince] !== undefined) {
    const message = `The retention was lowered. ${stream} keeps messages for ${age(max_age)} as long as jobs from before need it, and for less in ${age(max_age)}`;
    logEvent(log, 'stream_age_waits', { stream }, message);
  }
}

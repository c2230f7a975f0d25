// Converts a recorded event to `events.k8s.io/v1`.

import { type Monotonic } from '../../job/time.ts';
import type { Instant } from '../../job/task.ts';
import type { ApplyConfiguration, KubeObject, ResourceType } from '../../ports/kubernetes.ts';

export const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events' };

export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, at most 128 characters; for a failure the code of the catalogue. */
  readonly reason: string;
  /** CamelCase: the action that was taken or failed, such as `Submit` or `Apply`; at most 128 characters. */
  readonly action: string;
  /** A message for humans; cut at 1,024 bytes. */
  readonly note: string;
}

export type Regarding = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/** An event and its repetitions. */
export interface Series {
  readonly name: string;
  readonly object: Regarding;
  readonly event: RecordedEvent;
  count: number;
  /** The last count that was written. */
  written: number;
  readonly firstAt: Instant;
  lastAt: Instant;
  lastSeenAt: Monotonic;
  writtenAt: Monotonic;
}

/** Equal for repetitions of the same event. */
export function seriesKey({ metadata }: Regarding, { type, reason, action, note }: RecordedEvent): string {
  return JSON.stringify([metadata.uid, type, reason, action, note]);
}

/** Cuts the fields to the limits of the API server, which rejects longer ones. */
export function eventOf({ name, object, event, count, firstAt, lastAt }: Series, instance: string): ApplyConfiguration {
  const { apiVersion, kind, metadata } = object;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: eventType.kind,
    metadata: { name, namespace: metadata.namespace },
    eventTime: microTime(firstAt),
    type: event.type,
    reason: event.reason.slice(0, 128),
    action: event.action.slice(0, 128),
    note: withinBytes(event.note, 1_024),
    reportingController: 'genwarden.dev/operator',
    reportingInstance: instance.slice(0, 128),
    regarding: { apiVersion, kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    ...(count === 1 ? {} : { series: { count, lastObservedTime: microTime(lastAt) } }),
  };
}

/** RFC 3339 with microseconds. */
const microTime = (at: Instant): string => new Date(at).toISOString().replace('Z', '000Z');

function withinBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  // Drops the remains of a character that was cut in half.
  return `${bytes
    .subarray(0, most - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}

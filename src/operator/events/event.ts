// An event as the API has it (`events.k8s.io/v1`), from what was recorded.

import { type Monotonic } from '../../job/time.ts';
import type { Instant } from '../../job/task.ts';
import type { ApplyConfiguration, KubeObject, ResourceType } from '../../ports/kubernetes.ts';

export const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events' };

export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, at most 128 characters; for a failure the code of the catalogue. */
  readonly reason: string;
  /** CamelCase: what was done or tried, such as `Submit`, `Apply`; at most 128 characters. */
  readonly action: string;
  /** For a person; cut at 1,024 bytes. */
  readonly note: string;
}

export type Regarding = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/** One event that may have happened several times. */
export interface Series {
  readonly name: string;
  readonly object: Regarding;
  readonly event: RecordedEvent;
  count: number;
  /** The count that was written last. */
  written: number;
  readonly firstAt: Instant;
  lastAt: Instant;
  lastSeenAt: Monotonic;
  writtenAt: Monotonic;
}

/** The same for what is one event that happened again. */
export function seriesKey({ metadata }: Regarding, { type, reason, action, note }: RecordedEvent): string {
  return JSON.stringify([metadata.uid, type, reason, action, note]);
}

/** The bounds are the API server's own: beyond them it refuses the event. */
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

/** RFC 3339 with six digits of a second. */
const microTime = (at: Instant): string => new Date(at).toISOString().replace('Z', '000Z');

function withinBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  // What is left of a character that was cut through is dropped with it.
  return `${bytes
    .subarray(0, most - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}

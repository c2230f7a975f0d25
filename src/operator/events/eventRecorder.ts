// Events of Kubernetes about our objects, as `kubectl describe` shows them: what happened and why, for a person.

import type { KubeObject } from '../kube/cluster.ts';

export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, at most 128 characters; for a failure the code of the catalogue. */
  readonly reason: string;
  /** CamelCase: what was done or tried, such as `Submit`, `Apply`; at most 128 characters. */
  readonly action: string;
  /** For a person; cut at 1,024 bytes. */
  readonly note: string;
}

export interface EventRecorder {
  /**
   * Tells of something that happened to the object; the same again within some minutes only raises a count. Returns at
   * once and never throws: events are a courtesy, and are dropped where there are too many or the API server is away.
   */
  record(object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>, event: RecordedEvent): void;
}

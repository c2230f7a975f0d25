// What a process needs for its traces, and what it gets.

import type { Logger } from 'pino';
import type { Tracer } from './tracer.ts';

export interface TracingOptions {
  /** The complete address of the receiver; undefined: traces are off. */
  readonly receiver: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** ms. */
  readonly timeoutMs: number;
  readonly sampler: Sampler;
  /** 0 to 1. */
  readonly samplerRatio: number;
  /** ms between two batches. */
  readonly scheduleDelayMs: number;
  /** Spans; more are dropped. */
  readonly maxQueueSize: number;
  readonly serviceName: string;
  /** The name of the process, new at each start. */
  readonly instance: string;
  readonly version: string;
  readonly resourceAttributes?: Readonly<Record<string, string>> | undefined;
  readonly logger: Logger;
}

export type Sampler =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, for two seconds at most. Never rejects. */
  close(): Promise<void>;
}

// Webhooks of jobs, their deliveries, and what a receiver gets.

import type { Json } from './json.ts';

export type WebhookEventType = 'job.finished' | 'task.succeeded' | 'task.needs_review';

export interface WebhookRequest {
  /** Gets the events by POST. `https`, or `http` for a host that the installation allows. */
  url: string;
  /** Default: `job.finished`. */
  events?: WebhookEventType[];
}

export interface JobWebhook {
  /** Without the values of its query, which may be secrets. */
  url: string;
  events: WebhookEventType[];
}

export interface WebhookDeliveryError {
  /** Such as `Timeout` or `Answered`. */
  reason: string;
  message: string;
  /** The HTTP status of the receiver's answer, if it answered. */
  status: number | null;
  at: string;
}

export interface WebhookDelivery {
  /** The `webhook-id` of every attempt. */
  id: string;
  tenant: string;
  job: string;
  event: WebhookEventType;
  /** Without the values of its query, which may be secrets. */
  url: string;
  state: 'pending' | 'delivered' | 'dead';
  /** When the event happened. */
  at: string;
  attempts: number;
  nextAttemptAt: string | null;
  lastError: WebhookDeliveryError | null;
  expiresAt: string;
}

/** The deliveries of a job that are not done. */
export interface WebhookStatus {
  pending: number;
  dead: number;
  nextAttemptAt: string | null;
  lastError: WebhookDeliveryError | null;
}

/** The body of a webhook, after its signature was verified. */
export interface WebhookEvent {
  type: WebhookEventType;
  /** When the event happened. */
  timestamp: string;
  data: {
    job: string;
    tenant: string;
    labels: Record<string, string>;
    metadata: Json;
    /** Only in `job.finished`. */
    state?: 'succeeded' | 'failed' | 'cancelled';
    /** Only in `job.finished`. */
    progress?: { total: number; succeeded: number; failed: number; cancelled: number };
    /** Only in `job.finished`: the first ten failed tasks. */
    failures?: WebhookTask[];
    /** The task of an event of a task, or the only task of a finished job. */
    task: WebhookTask | null;
    /** Absolute addresses that need no token until `expiresAt`; empty if the job was deleted. */
    links: {
      job?: string;
      events?: string;
      /** The first 30. */
      artifacts?: { task: number; name: string | null; artifact: string; mediaType: string; href: string }[];
      artifactsTotal?: number;
      expiresAt?: string;
    };
  };
}

export interface WebhookTask {
  index: number;
  name: string | null;
  state: string;
  run: number;
  reason: string;
  error: { code: string; message: string; retryable: boolean; hint: string } | null;
  /** Only in events of a task. */
  metadata?: Json;
}

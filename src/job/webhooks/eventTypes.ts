// The events that a webhook can get.

export const webhookEvents = ['job.finished', 'task.succeeded', 'task.needs_review'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

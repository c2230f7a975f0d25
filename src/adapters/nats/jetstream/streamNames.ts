// The names of the streams behind subjects.

export const streamName = (prefix: string): string => `${prefix}_tasks`;

export const webhooksName = (prefix: string): string => `${prefix}_webhooks`;

/**
 * `$O.<bucket>.…` is a subject of an object store, `$KV.<bucket>.…` of a bucket, `<prefix>.webhook.…` of the webhook deliveries,
 * every other one of the stream of tasks.
 */
export function streamOf(subject: string): string {
  const [first, second] = subject.split('.', 2) as [string, string];
  if (first === '$KV') return `KV_${second}`;
  if (first === '$O') return `OBJ_${second}`;
  return second === 'webhook' ? webhooksName(first) : streamName(first);
}

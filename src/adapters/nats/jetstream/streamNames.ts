// The names of the streams behind subjects.

export const streamName = (prefix: string): string => `${prefix}_tasks`;

/** `$O.<bucket>.…` is a subject of an object store, `$KV.<bucket>.…` of a bucket, every other one of the stream of tasks. */
export function streamOf(subject: string): string {
  const [first, bucket] = subject.split('.', 2) as [string, string];
  if (first === '$KV') return `KV_${bucket}`;
  return first === '$O' ? `OBJ_${bucket}` : streamName(first);
}

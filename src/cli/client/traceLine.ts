// The trace of a job in one line.

import type { Job } from '../../client/index.ts';
import { printable } from '../output/text.ts';

/** Empty for a job without a trace, and from an API of an earlier version. */
export function traceLine({ traceId, traceUrl }: Pick<Job, 'traceId' | 'traceUrl'>): string[] {
  if ((traceId ?? null) === null) return [];
  return [printable(`trace ${traceUrl ?? traceId}`)];
}

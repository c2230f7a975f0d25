// Names of processes: subject-safe, telling where they run, and new at each start.

import { randomBytes } from 'node:crypto';

/** `worker-<host>-<8 hexadecimal digits>`; the host is cut to 40 characters of a subject token. */
export function processName(kind: string, host: string): string {
  const place = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 40);
  return `${kind}-${place}-${randomBytes(4).toString('hex')}`;
}

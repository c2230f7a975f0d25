// The checks of the installation in the order of their urgency, and the versions that run side by side.

import type { Check, Worker } from '../../../client/index.ts';

export const failingFirst = (checks: readonly Check[]): Check[] =>
  checks.toSorted((a, b) => Number(a.ok) - Number(b.ok));

/** Workers by version, the most common version first. */
export function workersByVersion(workers: readonly Worker[]): { version: string; workers: number }[] {
  const groups = [...Map.groupBy(workers, ({ version }) => version)];
  const counts = groups.map(([version, group]) => ({ version, workers: group.length }));
  return counts.toSorted((a, b) => b.workers - a.workers || (a.version < b.version ? -1 : 1));
}

/** The versions that run in the installation; one in a healthy state between two upgrades. */
export function versionsOf(api: string, workers: readonly Worker[]): string[] {
  return [...new Set([api, ...workers.map(({ version }) => version)])].toSorted();
}

/** The server's version in the words of the check `nats`. */
export const natsVersion = (checks: readonly Check[]): string | undefined =>
  /\bversion (\S+?),?(?:\s|$)/.exec(checks.find(({ name, ok }) => name === 'nats' && ok)?.says ?? '')?.[1];

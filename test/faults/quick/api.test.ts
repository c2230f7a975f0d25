// The API is killed during submits: acknowledged jobs are stored, and every other job is stored completely or not at all.

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { GenwardenApiError } from '../../../src/client/index.ts';
import { jobIdFrom } from '../../../src/job/ids.ts';
import { audit } from '../support/audit.ts';
import { aJob } from '../support/load.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';

it('keeps every acknowledged job when it is killed during submits', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 20 } });
  const acknowledged: string[] = [];
  const unanswered: string[] = [];
  const some = Promise.withResolvers<void>();
  // Each of 30 clients submits until a submit is not answered: however fast the API is, the kill finds some underway.
  const clients = Array.from({ length: 30 }, async (_, index) => {
    for (let round = 0; round < 40; round += 1) {
      const key = `in-flight-${index}-${round}`;
      if (!(await submitOnce(world, key, index % 3 === 0 ? 1 : 6))) return void unanswered.push(key);
      acknowledged.push(key);
      if (acknowledged.length >= 8) some.resolve();
    }
  });
  await some.promise;
  world.first.api.kill('SIGKILL');
  await Promise.all(clients);
  expect(unanswered).toHaveLength(30);
  await world.start('api');
  const stored = await Promise.all(unanswered.map((key) => isStored(world, idOf(key))));
  const jobs = [...acknowledged, ...unanswered.filter((_, index) => stored[index])].map(idOf);
  await audit(world, { fault: 'API SIGKILL in mid-submit', jobs });
  // Submits with the same keys create no second job, and create those that were not stored.
  const again = await Promise.all(unanswered.map((key) => submitOnce(world, key, 0)));
  expect(again.every((answer) => answer === true)).toBe(true);
});

const bodies = new Map<string, string>();

/** One try; false if no answer came. The body stays the same for a key, whatever `tasks` is later. */
async function submitOnce({ url }: FaultWorld, key: string, tasks: number): Promise<boolean> {
  const body = bodies.get(key) ?? JSON.stringify(aJob({ tasks }));
  bodies.set(key, body);
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const answer = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body }).catch(() => undefined);
  return answer?.ok === true;
}

/** The id that the API derives from tenant and key. */
const idOf = (key: string): string => jobIdFrom(createHash('sha256').update(`default\0${key}`).digest());

async function isStored({ client }: FaultWorld, job: string): Promise<boolean> {
  try {
    await client.get(job);
    return true;
  } catch (error) {
    if (error instanceof GenwardenApiError && error.status === 404) return false;
    throw error;
  }
}

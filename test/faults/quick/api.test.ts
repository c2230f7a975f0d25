// The API is killed in the middle of submits: what it acknowledged is there, anything else is there whole or not at all.

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { GenwardenApiError } from '../../../src/client/error.ts';
import { jobIdFrom } from '../../../src/job/ids.ts';
import { audit } from '../support/audit.ts';
import { aJob } from '../support/load.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';

it('is killed in mid-submit', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 20 } });
  const acknowledged: string[] = [];
  const unanswered: string[] = [];
  const some = Promise.withResolvers<void>();
  const submits = Array.from({ length: 30 }, async (_, index) => {
    const key = `in-flight-${index}`;
    if (await submitOnce(world, key, index % 3 === 0 ? 1 : 6)) acknowledged.push(key);
    else unanswered.push(key);
    if (acknowledged.length >= 8) some.resolve();
  });
  await some.promise;
  world.first.api.kill('SIGKILL');
  await Promise.all(submits);
  expect(unanswered.length).toBeGreaterThan(0);
  await world.start('api');
  const stored = await Promise.all(unanswered.map((key) => isStored(world, idOf(key))));
  const jobs = [...acknowledged, ...unanswered.filter((_, index) => stored[index])].map(idOf);
  // The audit looks at every task of each.
  await audit(world, { fault: 'API SIGKILL in mid-submit', jobs });
  // The same keys again make no second job, and complete what was not stored.
  const again = await Promise.all(unanswered.map((key) => submitOnce(world, key, 0)));
  expect(again.every((answer) => answer === true)).toBe(true);
});

const bodies = new Map<string, string>();

/** One try; false where no answer came. The same body for the same key, whatever `tasks` says later. */
async function submitOnce({ url }: FaultWorld, key: string, tasks: number): Promise<boolean> {
  const body = bodies.get(key) ?? JSON.stringify(aJob({ tasks }));
  bodies.set(key, body);
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const answer = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body }).catch(() => undefined);
  return answer?.ok === true;
}

/** As the API makes it from tenant and key. */
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

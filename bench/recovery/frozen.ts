// Workers that live but do nothing: stopped by SIGSTOP while they run tasks or hold deliveries, or with a blocked event loop.

import { withFaults } from '../../test/faults/support/faults.ts';
import { until } from '../../test/support/until.ts';
import { busiest, recovered, repeat, times, type Plan } from './faults.ts';
import type { Fleet, FleetWorker } from './fleet.ts';
import { aPrompt, policy } from './load.ts';
import type { Row } from './row.ts';

const target = 6_000 + 1_500;
const blockMs = 9_000;

/** What workers need that are to be blocked. */
export const blockable = withFaults({ block: blockMs });

export async function freezeBusy(fleet: Fleet, plan: Plan): Promise<Row> {
  const { results, ...done } = await repeat(plan, async () => {
    const victim = await busiest(fleet);
    const at = Date.now();
    victim.process.kill('SIGSTOP');
    const struck = await recovered(fleet, victim, at).finally(() => victim.process.kill('SIGCONT'));
    await runsAgain(fleet, victim);
    return times(struck);
  });
  return { fault: 'SIGSTOP, busy: runs elsewhere', ...done, times: results, target };
}

export async function blockLoop(fleet: Fleet, plan: Plan): Promise<Row> {
  const { results, ...done } = await repeat(plan, async () => {
    const victim = await busiest(fleet);
    const at = Date.now();
    victim.process.kill('SIGUSR2');
    const struck = await recovered(fleet, victim, at);
    await runsAgain(fleet, victim);
    return times(struck);
  });
  return { fault: 'blocked event loop: runs elsewhere', ...done, times: results, target };
}

/**
 * The fleet must be idle. A frozen worker's standing pulls take deliveries that it cannot claim: tasks of every lane are
 * submitted until each other worker has had one, and those that were not claimed at once were in its hands.
 */
export async function freezeIdle(fleet: Fleet, plan: Plan): Promise<Row> {
  let turn = 0;
  const { results, ...done } = await repeat(plan, async () => {
    const victim = fleet.workers[turn++ % fleet.workers.length]!;
    const at = Date.now();
    victim.process.kill('SIGSTOP');
    try {
      const jobs = await submitToAllLanes(fleet);
      const claims = await until(() => firstClaims(fleet, jobs), { what: 'claims elsewhere', timeoutMs: 30_000 });
      await until(() => fleet.record.harm(jobs).lost === 0, { what: 'the tasks to end', timeoutMs: 30_000 });
      return claims.map((claim) => claim - at).filter((time) => time > atOnce);
    } finally {
      victim.process.kill('SIGCONT');
    }
  });
  return { fault: 'SIGSTOP, idle, deliveries in hand: runs elsewhere', ...done, times: results, target };
}

/** ms; there are free slots enough, so whatever took longer had been delivered to the frozen one. */
const atOnce = 1_500;

/** No second fault before the worker has claimed a new task. */
async function runsAgain(fleet: Fleet, { name }: FleetWorker): Promise<void> {
  await until(() => fleet.record.runningOn(name) > 0, { what: `${name} to work again`, timeoutMs: 30_000 });
}

async function submitToAllLanes({ client, workers }: Fleet): Promise<string[]> {
  const lanes = ['high', 'normal', 'low'] as const;
  const asked = lanes.flatMap((priority) => workers.map(() => priority));
  const input = { prompt: aPrompt() };
  const jobs = await Promise.all(asked.map((priority) => client.submit({ kind: 'image', priority, input, policy })));
  return jobs.map(({ id }) => id);
}

function firstClaims({ record }: Fleet, jobs: readonly string[]): number[] | undefined {
  const claims = jobs.flatMap((job) => record.entriesOf(job).find(({ state }) => state.state === 'running')?.at ?? []);
  return claims.length === jobs.length ? claims : undefined;
}

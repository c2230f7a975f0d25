// Workers die by SIGKILL while they run tasks: with a free slot elsewhere, with none, together with the leader, and without
// events of closed connections.

import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../test/support/until.ts';
import { busiest, recovered, repeat, times, type Plan } from './faults.ts';
import { leads, type Fleet } from './fleet.ts';
import type { Struck } from './record.ts';
import type { Row } from './row.ts';

const hold = 1_000;
const heartbeatTimeout = 6_000;

/** The load must leave free as many slots as a worker has. */
export async function killWithFreeSlots(fleet: Fleet, plan: Plan): Promise<Row> {
  const { results, ...done } = await repeat(plan, () => killOne(fleet));
  return { fault: 'SIGKILL: runs elsewhere', ...done, times: times(results), target: hold + 200 };
}

/** The load must be more than all slots can run: a task waits for the next slot that comes free, as it would anyhow. */
export async function killWithoutFreeSlots(fleet: Fleet, plan: Plan): Promise<Row[]> {
  const { results, ...done } = await repeat(plan, () => killOne(fleet));
  const requeued = results.flatMap((task) => task.requeued ?? []);
  return [
    { fault: 'SIGKILL, all slots taken: queued again', ...done, times: requeued, target: hold + 200 },
    { fault: 'SIGKILL, all slots taken: runs elsewhere', faults: done.faults, times: times(results) },
  ];
}

export async function killByBeatsAlone(fleet: Fleet, plan: Plan): Promise<Row> {
  const { results, ...done } = await repeat(plan, () => killOne(fleet));
  const target = heartbeatTimeout + 1_500;
  return { fault: 'SIGKILL, by heartbeats alone: runs elsewhere', ...done, times: times(results), target };
}

/** `plain`: the median without the leader's death, ms. */
export async function killWithLeader(fleet: Fleet, plan: Plan, plain: number | undefined): Promise<Row[]> {
  const { results, ...done } = await repeat(plan, () => killOneWithLeader(fleet));
  const all = times(results);
  const raw = { fault: 'SIGKILL with the leading controller: runs elsewhere', ...done, times: all };
  if (plain === undefined) return [raw];
  const added = all.map((time) => time - plain);
  return [
    raw,
    { fault: '  … more than the median of a plain SIGKILL', faults: done.faults, times: added, target: 3_000 },
  ];
}

/** The new worker is there before the old one dies, so that its start does not slow the recovery down. */
async function killOne(fleet: Fleet): Promise<Struck[]> {
  await fleet.startWorker();
  const victim = await busiest(fleet);
  const at = fleet.kill(victim);
  return recovered(fleet, victim, at);
}

async function killOneWithLeader(fleet: Fleet): Promise<Struck[]> {
  await fleet.startWorker();
  const leader = await until(() => fleet.controllers.find(({ lines }) => lines.some((line) => leads.test(line))), {
    what: 'a controller to lead',
    timeoutMs: 20_000,
  });
  // The standby has followed for some beats, as it has wherever controllers do not die every few seconds.
  await pause(3_000);
  const victim = await busiest(fleet);
  fleet.kill(leader);
  const at = fleet.kill(victim);
  const struck = await recovered(fleet, victim, at);
  await fleet.startController();
  return struck;
}

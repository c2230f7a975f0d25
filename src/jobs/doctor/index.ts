// Checks an installation as this process sees it. Each check reports its result and, on failure, what to do.

import { formatDuration } from '../../job/duration.ts';
import type { ExplainContext } from '../explain.ts';
import type { JobsContext } from '../context.ts';
import { countOverdue } from '../stuck/overdue.ts';
import { passed, failed, type Check } from './check.ts';
import { poolChecks } from './pools.ts';
import { storageChecks } from './storage.ts';

export type DoctorContext = ExplainContext & Pick<JobsContext, 'installation' | 'log' | 'artifacts' | 'random'>;

/** All checks, each after those that it depends on. Never throws: a check that cannot be made has failed. */
export async function checkInstallation(context: DoctorContext, tenant: string): Promise<Check[]> {
  const groups = [
    ...storageChecks(context, tenant),
    ['clock', async () => [clock(context)]],
    ['index', async () => [index(context)]],
    ['controller', async () => [await controller(context)]],
    ['pools', () => poolChecks(context)],
  ] as const;
  const checks = groups.map(async ([name, check]): Promise<readonly Check[]> => {
    try {
      return await check();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return [failed(name, why, "Check that NATS is running and reachable; see this API's log.")];
    }
  });
  return (await Promise.all(checks)).flat();
}

/** ms. Jobs do not depend on this machine's clock, but logs of machines whose clocks differ cannot be compared. */
const maxOffset = 60_000;

function clock({ clock: time }: DoctorContext): Check {
  const offset = time.offset();
  const says = `this machine's clock is ${formatDuration(Math.abs(offset))} ${offset < 0 ? 'ahead of' : 'behind'} the NATS server's`;
  if (Math.abs(offset) <= maxOffset) return passed('clock', says);
  return failed('clock', says, 'Jobs are not affected. Set the clock (NTP), so that logs can be compared.');
}

function index({ follower }: DoctorContext): Check {
  const { ready, reason } = follower.ready();
  const { jobs, openTasks } = follower.index.size;
  if (ready) return passed('index', `current: ${jobs} jobs, ${openTasks} open tasks`);
  return failed(
    'index',
    `${reason} (for ${formatDuration(Math.round(follower.lag()))})`,
    'It catches up automatically once NATS answers.',
  );
}

async function controller(context: DoctorContext): Promise<Check> {
  const { installation } = context;
  const overdue = [...countOverdue(context).values()].reduce((sum, tasks) => sum + tasks, 0);
  const leader = await installation?.leader();
  const advice =
    'Start one with `genwarden controller`. If one is running, check its log: it leads only while its index is current.';
  if (installation !== undefined && leader === undefined) return failed('controller', 'no controller leads', advice);
  const leads = leader === undefined ? '' : `${leader} leads; `;
  if (overdue > 0)
    return failed('controller', `${leads}${overdue} overdue ${overdue === 1 ? 'task' : 'tasks'} not moved`, advice);
  return passed('controller', `${leads}no task is overdue`);
}

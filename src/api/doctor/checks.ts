// The checklist of an installation, as this API process sees it: each line says whether it is well, and if not what to do.

import { formatDuration } from '../../job/duration.ts';
import type { ApiContext } from '../options.ts';
import { fine, wrong, type Check } from './checkLine.ts';
import { poolChecks } from './poolChecks.ts';
import { storageChecks } from './storageChecks.ts';

/** All checks, in the order in which one thing rests on another. Never throws: what cannot be looked at is wrong. */
export async function checkInstallation(context: ApiContext, tenant: string): Promise<Check[]> {
  const groups = [
    ...storageChecks(context, tenant),
    ['clock', async () => [clock(context)]],
    ['index', async () => [index(context)]],
    ['controller', async () => [await controller(context)]],
    ['pools', () => poolChecks(context)],
    ['access', async () => access(context)],
  ] as const;
  const looks = groups.map(async ([name, look]): Promise<readonly Check[]> => {
    try {
      return await look();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return [wrong(name, why, "Check that NATS runs and that this API reaches it; see the API's log.")];
    }
  });
  return (await Promise.all(looks)).flat();
}

/** Nothing depends on this machine's clock, but logs of machines whose clocks differ cannot be read side by side. */
const mostOffset = 60_000;

function clock({ clock: time }: ApiContext): Check {
  const offset = time.offset();
  const says = `this machine's clock is ${formatDuration(Math.abs(offset))} ${offset < 0 ? 'ahead of' : 'behind'} the NATS server's`;
  if (Math.abs(offset) <= mostOffset) return fine('clock', says);
  return wrong('clock', says, 'Jobs are not harmed, but set the clock (NTP), so that logs can be compared.');
}

function index({ follower }: ApiContext): Check {
  const { ready, reason } = follower.ready();
  const { jobs, openTasks } = follower.index.size;
  if (ready) return fine('index', `current: ${jobs} jobs, ${openTasks} open tasks`);
  return wrong(
    'index',
    `${reason}, for ${formatDuration(Math.round(follower.lag()))}`,
    'It catches up by itself once NATS answers.',
  );
}

/** ms past its time after which an overdue task shows that nobody moves it. */
const overdueGrace = 15_000;

async function controller({ installation, follower, clock: time }: ApiContext): Promise<Check> {
  const latest = time.now() - overdueGrace;
  let overdue = 0;
  for (const { state } of follower.index.openTasks()) if ('dueAt' in state && state.dueAt < latest) overdue += 1;
  const leader = await installation?.leader();
  const advice =
    'Start one with `genwarden controller`; if one runs, look at its log: it leads only while its index is current.';
  if (installation !== undefined && leader === undefined) return wrong('controller', 'no controller leads', advice);
  const leads = leader === undefined ? '' : `${leader} leads; `;
  if (overdue > 0) return wrong('controller', `${leads}overdue tasks that nobody moves: ${overdue}`, advice);
  return fine('controller', `${leads}no task is overdue`);
}

function access({ auth, kubernetes, corsOrigins }: ApiContext): Check[] {
  const origins = corsOrigins.length === 0 ? 'no other origin' : corsOrigins.join(', ');
  const asked = kubernetes === undefined ? 'asked for' : 'asked for; those of Kubernetes are taken';
  return [
    fine('tokens', auth === 'off' ? 'not asked for: everybody is tenant default' : asked),
    fine('cors', `browsers may call from ${origins}${corsOrigins.length === 0 ? ' (GENWARDEN_CORS_ORIGINS)' : ''}`),
  ];
}

// The JSON of the figures of the last hour.

import { isoTime } from '../../job/time.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import type { Finished, MinuteFigures } from '../../readmodel/activity/minuteSeries.ts';
import type { ApiContext } from '../options.ts';
import type { ActivityView } from './activitySchemas.ts';
import { isoTimeOrNull } from './taskView.ts';

type ActivityContext = Pick<ApiContext, 'activity' | 'clock' | 'follower' | 'overdue'>;

export function activityView({ activity, clock, follower, overdue }: ActivityContext, tenant: string): ActivityView {
  const now = clock.now();
  const isAll = tenant === everyTenant;
  const { since, hour, minutes } = activity.read(isAll ? undefined : tenant, now);
  const { tenants } = follower.index;
  const late = overdue.latest();
  return {
    at: isoTime(now),
    since: isoTimeOrNull(since),
    behindMs: Math.round(follower.lag()),
    overdue: isAll ? late.all : (late.tenants.get(tenant) ?? 0),
    now: { ...(isAll ? tenants.all : tenants.of(tenant)) },
    hour: { ...finishedView(hour), successRate: successRate(hour) },
    minutes: minutes.map(minuteView),
  };
}

function minuteView(figures: MinuteFigures): ActivityView['minutes'][number] {
  return { at: isoTime(figures.minute * 60_000), ...finishedView(figures), ...figures.open };
}

const finishedView = ({ succeeded, failed, cancelled, p50, p95 }: Finished) => ({
  succeeded,
  failed,
  cancelled,
  p50Ms: p50,
  p95Ms: p95,
});

/** A person who cancels a task does not make it a failure. */
function successRate({ succeeded, failed }: Finished): number | null {
  return succeeded + failed === 0 ? null : succeeded / (succeeded + failed);
}

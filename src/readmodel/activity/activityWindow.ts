// What happened in the last hour, for each tenant by minute, from the stream's messages and the times at which they were stored. So
// a process that starts fills it from what it reads of the stream. Memory is bounded, and a message costs constant time.

import { taskDuration } from '../../job/taskDuration.ts';
import { isOpen, type Instant, type TaskState } from '../../job/task.ts';
import type { FollowEvent } from '../../ports/jobLog.ts';
import type { Follower } from '../follower.ts';
import type { Change } from '../jobIndex.ts';
import type { OpenCounts, TenantTally } from '../tenantTally.ts';
import { MinuteSeries, windowMinutes, type Finished, type Minute, type MinuteFigures } from './minuteSeries.ts';

export interface Activity {
  /** From when on the figures are complete; null: too many tenants are active, and this one is not known. */
  readonly since: Instant | null;
  readonly hour: Finished;
  /** Oldest first; the last one is the current minute. */
  readonly minutes: readonly MinuteFigures[];
}

interface KnownTenant {
  readonly series: MinuteSeries;
  /** Earlier messages may have been left out. */
  readonly since: Instant;
}

export interface Observed extends Pick<Change, 'before' | 'after'> {
  /** When the message was stored. */
  readonly at: Instant;
}

/** How many tenants are kept; the figures of all tenants together are always kept. */
const maxTenants = 1_000;
const minuteMs = 60_000;

export class ActivityWindow {
  readonly #open: TenantTally;
  readonly #maxTenants: number;
  readonly #tenants = new Map<string, KnownTenant>();
  #all: MinuteSeries | undefined;
  /** Earlier messages of the stream were not read. */
  #since: Instant = -Infinity;
  /** When a message was last left out because there were too many tenants. */
  #refusedAt: Instant = -Infinity;
  #sweptIn: Minute = -Infinity;

  /** `open` counts the tasks that are open now. */
  constructor(open: TenantTally, options: { maxTenants?: number } = {}) {
    this.#open = open;
    this.#maxTenants = options.maxTenants ?? maxTenants;
  }

  /** A message, after it was counted in the tally. */
  observe(observed: Observed, now: Instant): void {
    const { tenant } = observed.after.state.of;
    const before = (open: OpenCounts): OpenCounts => withoutChange(open, observed);
    this.#all ??= new MinuteSeries(firstMinute(now), before(this.#open.all));
    record(this.#all, observed, this.#open.all, now);
    const open = this.#open.of(tenant);
    const series = this.#seriesOf(tenant, observed.at, now, () => before(open));
    if (series !== undefined) record(series, observed, open, now);
  }

  /** The messages before this time were not read. */
  incompleteUpTo(moment: Instant): void {
    this.#since = moment;
  }

  /** `tenant` undefined: of all tenants. */
  read(tenant: string | undefined, now: Instant): Activity {
    const known = tenant === undefined ? undefined : this.#tenants.get(tenant);
    const open = tenant === undefined ? this.#open.all : this.#open.of(tenant);
    // Without messages in the last hour, nothing has changed.
    const series = (tenant === undefined ? this.#all : known?.series) ?? new MinuteSeries(minuteOf(now), open);
    series.advanceTo(minuteOf(now));
    series.setOpen(open);
    const minutes = series.minutes();
    const start = minutes[0]!.minute * minuteMs;
    const isUnknown = tenant !== undefined && known === undefined && this.#refusedAt >= start;
    const since = isUnknown ? null : Math.max(start, this.#since, known?.since ?? -Infinity);
    return { since, hour: series.total(), minutes };
  }

  clear(): void {
    this.#tenants.clear();
    this.#all = undefined;
    this.#since = -Infinity;
    this.#refusedAt = -Infinity;
    this.#sweptIn = -Infinity;
  }

  #seriesOf(tenant: string, at: Instant, now: Instant, open: () => OpenCounts): MinuteSeries | undefined {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known.series;
    if (this.#tenants.size >= this.#maxTenants) this.#dropIdle(now);
    if (this.#tenants.size >= this.#maxTenants) {
      this.#refusedAt = now;
      return undefined;
    }
    const since = this.#refusedAt >= firstMinute(now) * minuteMs ? at : -Infinity;
    const series = new MinuteSeries(firstMinute(now), open());
    this.#tenants.set(tenant, { series, since });
    return series;
  }

  /** At most once a minute, because it looks at every tenant. */
  #dropIdle(now: Instant): void {
    if (this.#sweptIn === minuteOf(now)) return;
    this.#sweptIn = minuteOf(now);
    for (const [tenant, { series }] of this.#tenants) {
      if (series.newest < firstMinute(now)) this.#tenants.delete(tenant);
    }
  }
}

/** A window that the follower feeds; it must not have read anything yet. */
export function followActivity(follower: Follower, now: () => Instant): ActivityWindow {
  const window = new ActivityWindow(follower.index.tenants);
  let isStart = true;
  const onEvent = (event: FollowEvent): void => {
    if (event.event === 'caughtUp') isStart = false;
    if (!isStart || event.event !== 'entry' || event.straggler === true) return;
    // A stream that is read from its first message on has no earlier ones.
    if (event.entry.sequence > 1) window.incompleteUpTo(event.entry.at);
    isStart = false;
  };
  const onReset = (): void => {
    window.clear();
    isStart = true;
  };
  follower.onChange(({ entry, before, after }) => window.observe({ at: entry.at, before, after }, now()));
  follower.onEvent(onEvent);
  follower.onReset(onReset);
  return window;
}

const minuteOf = (moment: Instant): Minute => Math.floor(moment / minuteMs);
const firstMinute = (now: Instant): Minute => minuteOf(now) - windowMinutes + 1;

function record(series: MinuteSeries, { at, before, after }: Observed, open: OpenCounts, now: Instant): void {
  // A server whose clock is ahead must not move the window into the future.
  const minute = Math.min(minuteOf(at), minuteOf(now));
  series.advanceTo(Math.max(minute, firstMinute(now)));
  series.setOpen(open);
  const { state } = after;
  if (isOpen(state) || state.state === 'deleted' || !wasOpen(before?.state)) return;
  series.addFinished(minute, state.state, taskDuration(state));
}

/** Also a task that this process sees for the first time. */
const wasOpen = (before: TaskState | undefined): boolean => before === undefined || isOpen(before);

function withoutChange(open: OpenCounts, { before, after }: Observed): OpenCounts {
  const counts = { ...open };
  if (isOpen(after.state)) counts[after.state.state] -= 1;
  if (before !== undefined && isOpen(before.state)) counts[before.state.state] += 1;
  return counts;
}

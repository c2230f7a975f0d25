// Whether what the page shows is the present state: live, reconnecting, or behind.

import { activity } from '../live/activity.ts';
import { connection } from '../live/events.ts';
import { now } from '../live/now.ts';
import { countedDuration } from '../format.ts';

/** An index that is younger than this counts as live, ms. */
const liveWithin = 2_000;

/** True while the page may show an old state: pages dim what they show. */
export function isStale(): boolean {
  return connection.value.state === 'reconnecting' || (activity.data.value?.behindMs ?? 0) > liveWithin;
}

export function LiveState() {
  const { value } = connection;
  const behind = activity.data.value?.behindMs ?? 0;
  if (value.state === 'reconnecting') {
    return (
      <span class="live broken" role="status">
        <span aria-hidden="true">◌</span> reconnecting
        <span aria-live="off"> for {countedDuration(now.value - value.since)}</span>
      </span>
    );
  }
  if (value.state === 'connecting')
    return (
      <span class="live muted" role="status">
        connecting
      </span>
    );
  if (behind > liveWithin) {
    return (
      <span
        class="live broken"
        role="status"
        title="The API has lost its connection to NATS, and shows what it knew before"
      >
        <span aria-hidden="true">◌</span> {countedDuration(behind)} behind
      </span>
    );
  }
  return (
    <span class="live ok" role="status">
      <span aria-hidden="true">●</span> live
    </span>
  );
}

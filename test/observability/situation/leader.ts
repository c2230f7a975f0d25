// The leading controller as Prometheus sees it.

import type { PrometheusQueries } from '../../support/prometheusQueries.ts';

/** Its pod; undefined while Prometheus sees none, or two. */
export async function leaderIn(prometheus: PrometheusQueries): Promise<string | undefined> {
  const leaders = await prometheus.query('leader_election_master_status{name="controller"} == 1');
  return leaders.length === 1 ? leaders[0]!.labels['pod'] : undefined;
}

// Cases of the twins: each metric of the leading controller is absent just long enough, and just too short.

import { twins, type Twin } from '../../../../hack/rules/absentAlerts.ts';
import { gauge, ofLeader, type AlertCase } from '../alertCase.ts';

const without = ({ metric, alerts }: Twin, atMinute: number, isLongEnough: boolean): AlertCase => ({
  what: `${metric} is absent for ${atMinute} minutes`,
  series: { [`${metric}{`]: undefined },
  atMinute,
  fires: isLongEnough
    ? [{ labels: { metric, alert: alerts.join(', ') }, summary: `A controller leads, but metric ${metric} is absent` }]
    : [],
});

const leader = ofLeader('leader_election_master_status', 'name="controller"');
const ofLeaderOnly = Object.fromEntries(twins.map(({ metric }) => [`${metric}{`, undefined]));
const ofPools = twins.filter(({ byPool }) => byPool).map(({ metric }) => [`${metric}{`, undefined]);

export const absentCases: Readonly<Record<string, readonly AlertCase[]>> = {
  GenwardenMetricAbsent: [
    ...twins.flatMap((twin) => [without(twin, 10, true), without(twin, 9, false)]),
    {
      what: 'all are absent because no controller leads',
      series: { ...ofLeaderOnly, [leader]: gauge([60, 0]) },
      atMinute: 59,
      fires: [],
      also: ['GenwardenNoLeader'],
    },
    {
      what: 'an installation without pools',
      series: { ...Object.fromEntries(ofPools), 'genwarden_pool_paused{': undefined },
      atMinute: 59,
      fires: [],
    },
  ],
};

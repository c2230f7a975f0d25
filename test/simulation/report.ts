// The report of a failed run: the seed, the command that replays it, and what happened to the task concerned.

import { formatEvent } from './history.ts';
import { simulate, type Run, type SimulateOptions } from './simulate.ts';

const most = 70;

/** Runs the failed seed again to collect its history. */
export async function describeFailure({ seed }: Run, options: SimulateOptions = {}): Promise<string> {
  const { violation, history, plan, lasted } = await simulate(seed, { ...options, traced: true });
  if (violation === undefined)
    return `Seed ${seed} failed once but not when it was replayed: the simulation is not deterministic`;
  const { invariant, message, about, at } = violation;
  return [
    `${invariant} broken at ${(at / 1_000).toFixed(3)} s: ${message}${about === undefined ? '' : ` [${about}]`}`,
    `seed ${seed}; replay it with: node test/simulation/main.ts --seed ${seed}`,
    `faults: ${[...plan.faults.keys()].join(', ')}; network: ${JSON.stringify(plan.network)}; lasted ${Math.round(lasted / 1_000)} s`,
    ...history.around(about, most).map(formatEvent),
  ].join('\n');
}

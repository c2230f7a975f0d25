// What a failing run says: the seed, how to run it again, and what happened to the task concerned.

import { inLine } from './history.ts';
import { simulate, type Run, type SimulateOptions } from './simulate.ts';

const most = 70;

/** Runs the failed seed once more to tell its history. */
export async function tell({ seed }: Run, options: SimulateOptions = {}): Promise<string> {
  const { violation, history, plan, lasted } = await simulate(seed, { ...options, traced: true });
  if (violation === undefined)
    return `Seed ${seed} failed once and not when it was run again: the simulation is not deterministic`;
  const { invariant, message, about, at } = violation;
  return [
    `${invariant} is broken at ${(at / 1_000).toFixed(3)} s: ${message}${about === undefined ? '' : ` [${about}]`}`,
    `seed ${seed}; run it again with: node test/simulation/main.ts --seed ${seed}`,
    `faults: ${[...plan.faults.keys()].join(', ')}; weather: ${JSON.stringify(plan.weather)}; lasted ${Math.round(lasted / 1_000)} s`,
    ...history.around(about, most).map(inLine),
  ].join('\n');
}

// The environment that gives a process an internal fault, see preload.ts.

import type { Env } from '../../support/installation.ts';

export interface Faults {
  /** ms by which the wall clock is wrong from the start. */
  readonly clock?: number;
  /** ms by which it jumps at each SIGUSR2. */
  readonly clockJump?: number;
  /** ms for which SIGUSR2 holds the event loop. */
  readonly block?: number;
  readonly ignoreAbort?: boolean;
  /** A call whose prompt contains this word uses up the process's memory, which is limited. */
  readonly hoard?: string;
}

const preload = new URL('./preload.ts', import.meta.url).href;

export function withFaults({ clock, clockJump, block, ignoreAbort, hoard }: Faults): Env {
  const memory = hoard === undefined ? '' : ' --max-old-space-size=96';
  return {
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${preload}${memory}`,
    FAULT_CLOCK: clock?.toString(),
    FAULT_CLOCK_JUMP: clockJump?.toString(),
    FAULT_BLOCK: block?.toString(),
    FAULT_IGNORE_ABORT: ignoreAbort === true ? 'yes' : undefined,
    FAULT_HOARD: hoard,
  };
}

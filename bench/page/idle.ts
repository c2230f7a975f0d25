// Fails if this machine is too busy for figures of a docs page; `--wait` first waits until the load of the run before has faded.

import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { idleLoad } from './idleLoad.ts';

const mostMs = process.argv.includes('--wait') ? 300_000 : 0;
for (const begun = performance.now(); loadavg()[0]! >= idleLoad && performance.now() - begun < mostMs;)
  await pause(5_000);
const load = loadavg()[0]!;
if (load >= idleLoad) {
  process.stderr.write(`the load is ${load.toFixed(1)}: measure on a machine with less than ${idleLoad}\n`);
  process.exit(1);
}

// Reading the stream at the start leaves several times its index behind as garbage, which V8 would keep for a long time in
// a process that has gigabytes to spare. One thorough collection gives it back: an ordinary one leaves the index scattered
// over pages that are mostly empty, up to twice its size.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all garbage and moves what stays together; blocks for about four milliseconds per megabyte that stays. */
export function returnMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

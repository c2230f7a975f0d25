// Commands to copy, as the person at the terminal calls this program.

import type { Job } from '../../client/index.ts';
import type { Io } from '../output/io.ts';

/** `genwarden watch 01jd…`; of the kubectl plugin `kubectl genwarden watch 01jd… -n team-a`, because the context may have another namespace. */
export function commandText({ connect }: Pick<Io, 'connect'>, { tenant }: Pick<Job, 'tenant'>, words: string): string {
  return connect === undefined ? `genwarden ${words}` : `kubectl genwarden ${words} -n ${tenant}`;
}

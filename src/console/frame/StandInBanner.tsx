// Says on every page that the pictures come from a stand-in, while they do.

import { session } from '../api/session.ts';

export function StandInBanner() {
  const standIn = session.value?.standIn ?? null;
  if (standIn === null) return null;
  const { pools } = standIn;
  const where = pools.length === 0 ? '' : ` in ${pools.length === 1 ? 'pool' : 'pools'} ${pools.join(', ')}`;
  return (
    <aside class="stand-in" aria-label="Stand-in">
      A stand-in makes the results{where}, not a model: they are free, and do not follow the prompt.
    </aside>
  );
}

// The slots of a pool as dots, a row for each worker; a bar if there are many.

import type { Worker } from '../../../client/index.ts';
import { dotsOf, slotsOf, type Slots } from './slots.ts';

export function PoolSlots({ workers }: { workers: readonly Worker[] }) {
  const slots = slotsOf(workers);
  const rows = dotsOf(workers);
  return (
    <section>
      <h3>Slots</h3>
      {slots.total === 0 ? null : rows === undefined ? (
        <SlotBar {...slots} />
      ) : (
        <div class="pools-slots" aria-hidden="true">
          {rows.map(({ worker, slots: dots }) => (
            <span key={worker} class="pools-dots" title={worker}>
              {dots.map((slot, at) => (
                <span key={at} class={`pools-dot ${slot}`} />
              ))}
            </span>
          ))}
        </div>
      )}
      <p class="muted">{slotsText(slots)}</p>
    </section>
  );
}

function SlotBar({ busy, free, leaked }: Slots) {
  return (
    <div class="pools-slot-bar" aria-hidden="true">
      <span class="busy" style={{ flexGrow: busy }} />
      <span class="leaked" style={{ flexGrow: leaked }} />
      <span class="free" style={{ flexGrow: free }} />
    </div>
  );
}

function slotsText({ busy, free, leaked, total }: Slots): string {
  if (total === 0) return 'none';
  return `${busy} busy, ${free} free${leaked === 0 ? '' : `, ${leaked} leaked`}`;
}

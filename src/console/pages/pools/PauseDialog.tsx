// Asks before a pool is paused or resumed, and says what that does.

import { useState } from 'preact/hooks';
import type { PausedPool, Pool } from '../../../client/index.ts';
import { api } from '../../api/client.ts';
import { Confirm } from '../../components/Dialog.tsx';
import { notify } from '../../components/Notices.tsx';
import { agoText, Countdown, Moment } from '../../components/Time.tsx';
import { clockTime, counted } from '../../format.ts';
import { currentTime } from '../../live/now.ts';
import { noteAnswer, useFirstQueueTimeout } from './firstQueueTimeout.ts';

interface DialogProps {
  pool: Pool;
  onClose: () => void;
  onDone: () => void;
}

const lengths = [
  ['10m', '10 minutes'],
  ['1h', '1 hour'],
  ['', 'until it is resumed'],
] as const;

export function PauseDialog({ pool, onClose, onDone }: DialogProps) {
  const [length, setLength] = useState<string>('10m');
  async function pause(): Promise<void> {
    const paused = await api.pausePool(pool.name, { for: length === '' ? undefined : length });
    noteAnswer(paused);
    notify(pausedText(paused, currentTime()));
    onDone();
  }
  return (
    <Confirm title={`Pause pool ${pool.name}?`} action="Pause" onConfirm={pause} onClose={onClose}>
      <div class="stack">
        <ul class="pools-effects">
          <li>Its workers start no more tasks.</li>
          <li>
            {pool.running === 0
              ? 'No task is running.'
              : `${counted(pool.running, 'running task')} ${pool.running === 1 ? 'continues' : 'continue'}.`}
          </li>
          <li>Submits are accepted, and queue up.</li>
          <li>
            Queue timeouts keep running. <FirstTimeout pool={pool} />
          </li>
        </ul>
        <fieldset class="pools-lengths">
          <legend>For how long</legend>
          {lengths.map(([value, words]) => (
            <label key={value} class="row">
              <input type="radio" name="pause-length" checked={length === value} onChange={() => setLength(value)} />
              {words}
            </label>
          ))}
        </fieldset>
      </div>
    </Confirm>
  );
}

function FirstTimeout({ pool }: { pool: Pool }) {
  const first = useFirstQueueTimeout(pool.name);
  if (pool.queued === 0) return <>No task is queued now.</>;
  if (first === null)
    return <>{counted(pool.queued, 'task')} queued now; the answer says when the first one would fail.</>;
  return (
    <>
      Of {counted(pool.queued, 'queued task')}, the first would fail with QueueTimeout <Countdown until={first} /> (
      <Moment at={first} plain />
      ).
    </>
  );
}

function pausedText({ name, pausedUntil, queued, firstQueueTimeoutAt: first }: PausedPool, now: number): string {
  const end = pausedUntil === null ? 'until it is resumed' : `until ${clockTime(pausedUntil, now)}`;
  if (first === null) return `Pool ${name} is paused ${end}. It has no queued tasks.`;
  return `Pool ${name} is paused ${end}. Queued tasks: ${queued}. The first fails with QueueTimeout ${agoText(first, now)}.`;
}

export function ResumeDialog({ pool, onClose, onDone }: DialogProps) {
  async function resume(): Promise<void> {
    const { name, queued } = await api.resumePool(pool.name);
    notify(`Pool ${name} is no longer paused; queued tasks: ${queued}.`);
    onDone();
  }
  return (
    <Confirm title={`Resume pool ${pool.name}?`} action="Resume" onConfirm={resume} onClose={onClose}>
      <p>
        Its workers start tasks again at once.{' '}
        {pool.queued === 0 ? 'No task is queued.' : `${counted(pool.queued, 'task')} queued.`}
      </p>
    </Confirm>
  );
}

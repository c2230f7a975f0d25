// The checks of `genwarden doctor`, and the versions that they and the workers tell.

import { useSignal, type Signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Check, Checklist, Worker } from '../../../client/index.ts';
import { api, tenant } from '../../api/client.ts';
import { Loaded } from '../../components/Loaded.tsx';
import { Moment } from '../../components/Time.tsx';
import { Words } from '../../components/Words.tsx';
import { counted } from '../../format.ts';
import { currentTime } from '../../live/now.ts';
import { usePoll } from '../../live/poll.ts';
import { isLive } from '../workers/workerState.ts';
import { failingFirst } from './checks.ts';
import { Versions } from './Versions.tsx';

interface Seen {
  checklist: Checklist;
  workers: Worker[];
  /** ISO. */
  at: string;
}

/** The checks write to the artifact store, so they are not repeated often. */
const everyMs = 60_000;

async function runChecks(signal: AbortSignal): Promise<Seen> {
  const [checklist, workers] = await Promise.all([api.doctor({ signal }), api.workers({ signal })]);
  return { checklist, workers: workers.filter(isLive), at: new Date(currentTime()).toISOString() };
}

export function Checks() {
  const busy = useSignal(false);
  const read = useMemo(() => whileBusy(busy, runChecks), [busy]);
  const polled = usePoll(read, everyMs, tenant.value);
  return (
    <section class="stack" aria-labelledby="checks">
      <div class="row spread">
        <h2 id="checks">Checks</h2>
        <span class="row">
          <span class="muted" role="status">
            {busy.value ? 'checking…' : <LastCheck at={polled.data.value?.at} />}
          </span>
          <button type="button" disabled={busy.value} onClick={() => void polled.refresh()}>
            Check again
          </button>
        </span>
      </div>
      <Loaded polled={polled} what="the checks: this may take some seconds">
        {({ checklist, workers }) => (
          <>
            <p>{summaryOf(checklist.checks)}</p>
            <CheckList checks={checklist.checks} />
            <Versions api={checklist.version} checks={checklist.checks} workers={workers} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function whileBusy<T>(busy: Signal<boolean>, read: (signal: AbortSignal) => Promise<T>) {
  return async (signal: AbortSignal): Promise<T> => {
    busy.value = true;
    try {
      return await read(signal);
    } finally {
      busy.value = false;
    }
  };
}

function LastCheck({ at }: { at: string | undefined }) {
  if (at === undefined) return null;
  return (
    <span aria-live="off">
      checked at <Moment at={at} />
    </span>
  );
}

function summaryOf(checks: readonly Check[]): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  if (failed === 0) return `All ${checks.length} checks passed.`;
  return `${counted(failed, 'check')} of ${checks.length} failed.`;
}

function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul class="installation-checks">
      {failingFirst(checks).map(({ name, ok, says, advice, seenBy }) => (
        <li key={`${name} ${says}`} class={ok ? '' : 'failing'}>
          <span class={`state ${ok ? 'succeeded' : 'failed'}`}>
            <span aria-hidden="true">{ok ? (advice === null ? '✓' : '!') : '✗'}</span>
            <span class="heard">{ok ? 'passed: ' : 'failed: '}</span>
          </span>
          <strong class="installation-name">{name}</strong>
          <div>
            <p dir="auto">
              <Words text={says} /> <span class="muted">(seen by {seenBy})</span>
            </p>
            {advice === null ? null : (
              <p>
                → <Words text={advice} />
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

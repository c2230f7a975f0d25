// The decision about the result that is shown, by button or by a single key.

import { useEffect, useRef, useState } from 'preact/hooks';
import { GenwardenApiError, type Job, type ReviewRequest, type Task } from '../../../client/index.ts';
import { api } from '../../api/client.ts';
import { notify } from '../../components/Notices.tsx';
import { Problem } from '../../components/Problem.tsx';
import { useKeys } from '../../components/useKeys.ts';
import { announcement, requestFor } from './decision.ts';

interface DecideProps {
  job: string;
  task: Task;
  /** The result can be seen: before, nobody can have judged it. */
  isShown: boolean;
  onDecided: (job: Job) => void;
  /** Another reviewer, a cancel or the time was first. */
  onTooLate: () => void;
}

export function Decide({ job, task, isShown, onDecided, onTooLate }: DecideProps) {
  const instruction = useRef<HTMLTextAreaElement>(null);
  const note = useRef<HTMLInputElement>(null);
  const { decide, busy, error } = useDecision({ job, task, isShown, onDecided, onTooLate });
  const send = (decision: ReviewRequest['decision']): void =>
    void decide(decision, instruction.current!.value, note.current!.value);
  const isFlagged = (task.flags ?? []).length > 0;
  function tweak(): void {
    if (instruction.current!.value.trim() === '' && !isFlagged) instruction.current!.focus();
    else send('tweak');
  }
  const once = (act: () => void) => (event: KeyboardEvent) => {
    if (!event.repeat) act();
  };
  useKeys({
    a: once(() => send('approve')),
    r: once(() => send('reject')),
    t: () => instruction.current!.focus(),
    n: () => note.current!.focus(),
  });
  useEffect(() => {
    instruction.current!.value = '';
    note.current!.value = '';
  }, [job, task.index, task.run]);
  const disabled = busy || !isShown;
  return (
    <div class="review-decide">
      <div class="row">
        <ActionButton name="Approve" shortcut="a" kind="primary" disabled={disabled} onClick={() => send('approve')} />
        <ActionButton name="Reject" shortcut="r" kind="danger" disabled={disabled} onClick={() => send('reject')} />
        <span class="muted">A decision cannot be undone.</span>
      </div>
      <label class="review-field">
        Note for the record
        <input ref={note} dir="auto" maxLength={1_000} placeholder="Optional ( n )" onKeyDown={leaveOnEscape} />
      </label>
      <label class="review-field">
        Instruction for another run
        <textarea
          ref={instruction}
          dir="auto"
          rows={2}
          placeholder={isFlagged ? 'Empty: fix what was flagged ( t )' : 'What to change ( t )'}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) tweak();
            else leaveOnEscape(event);
          }}
        />
      </label>
      <div class="row">
        <ActionButton name="Tweak" shortcut="t" kind="" disabled={disabled} onClick={tweak} />
        <span class="muted">Ctrl+Enter sends it. The new result comes back to this line.</span>
      </div>
      {error === undefined ? null : <Problem error={error} />}
    </div>
  );
}

/** The keys of the page work again. */
function leaveOnEscape(event: KeyboardEvent): void {
  if (event.key === 'Escape') (event.currentTarget as HTMLElement).blur();
}

interface ActionButtonProps {
  name: string;
  shortcut: string;
  kind: string;
  disabled: boolean;
  onClick: () => void;
}

function ActionButton({ name, shortcut, kind, disabled, onClick }: ActionButtonProps) {
  return (
    <button type="button" class={kind} disabled={disabled} aria-keyshortcuts={shortcut} onClick={onClick}>
      {name} <kbd aria-hidden="true">{shortcut}</kbd>
    </button>
  );
}

/** One decision at a time. */
function useDecision({ job, task, isShown, onDecided, onTooLate }: DecideProps) {
  const busy = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => setError(undefined), [job, task.index, task.run]);
  async function decide(decision: ReviewRequest['decision'], instruction: string, note: string): Promise<void> {
    if (busy.current || !isShown) return;
    busy.current = true;
    setBusy(true);
    setError(undefined);
    try {
      const answer = await api.review(job, task.index, requestFor(task.run, decision, instruction, note));
      notify(announcement(decision, task));
      onDecided(answer);
    } catch (thrown) {
      if (thrown instanceof GenwardenApiError && ['NotInReview', 'JobNotFound'].includes(thrown.code)) {
        notify(`Too late: ${thrown.detail}`);
        onTooLate();
      } else setError(thrown);
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }
  return { decide, busy: isBusy, error };
}

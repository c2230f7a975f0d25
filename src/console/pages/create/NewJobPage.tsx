// The form that submits a job, and the same submit as lines to copy. What was typed stays while the user visits other pages.

import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { GenwardenApiError, type SubmittedJob } from '../../../client/index.ts';
import { api } from '../../api/client.ts';
import { can } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { notify } from '../../components/Notices.tsx';
import { Problem } from '../../components/Problem.tsx';
import { counted } from '../../format.ts';
import { Page } from '../../frame/Page.tsx';
import { usePoll } from '../../live/poll.ts';
import { AdvancedFields } from './AdvancedFields.tsx';
import { KindField, PoolFields, PromptFields, ShapeFields, TaskFields } from './Fields.tsx';
import { FieldErrors } from './fieldContext.ts';
import { otherProblems } from './fieldErrors.ts';
import { change, emptyForm, exampleForm, form, isUntouched } from './form.ts';
import { attemptOf, randomKey, type Attempt } from './idempotency.ts';
import { Lines } from './Lines.tsx';
import { References } from './References.tsx';
import { useDuplicate } from './useDuplicate.ts';
import { requestOf, taskCount, type FormProblem } from './requestOf.ts';
import './create.css';

/** Of the submit before, if it has not succeeded. It survives a visit to another page, as the form does. */
let lastAttempt: Attempt | undefined;

/** How long a submit is repeated while no answer comes, ms. */
const giveUpAfterMs = 10_000;

export function NewJobPage() {
  const { data: pools } = usePoll((signal) => api.pools({ signal }), 5_000);
  useDuplicate();
  useExample();
  const { request, problems } = requestOf(form.value);
  const { submit, busy, error, refused } = useSubmit();
  const shown = refused?.form === form.value ? refused.problems : [];
  return (
    <Page
      title="New job"
      actions={
        isUntouched() ? null : (
          <button type="button" onClick={() => change(emptyForm)}>
            Clear
          </button>
        )
      }
    >
      <FieldErrors.Provider value={shown}>
        <div class="create">
          <form
            class="stack card create-form"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              void submit(request, problems);
            }}
          >
            <KindField />
            <PromptFields />
            <PoolFields pools={pools.value} />
            <References pools={pools.value} />
            <ShapeFields pools={pools.value} />
            <TaskFields />
            <AdvancedFields pools={pools.value} />
            {error === undefined ? null : <Problem error={error} />}
            <OtherProblems problems={otherProblems(shown)} />
            <SubmitButton busy={busy} />
          </form>
          <Lines request={request} />
        </div>
      </FieldErrors.Provider>
    </Page>
  );
}

function SubmitButton({ busy }: { busy: boolean }) {
  const count = taskCount(form.value) ?? 1;
  if (!can('jobs:write')) {
    return <p class="muted">You may not submit jobs: that needs a token with the scope jobs:write, and one tenant.</p>;
  }
  return (
    <div class="row">
      <button type="submit" class="primary" disabled={busy}>
        {busy ? 'Submitting…' : 'Submit'}
      </button>
      <span class="muted">{counted(count, form.value.kind === 'image' ? 'picture' : 'text')}</span>
    </div>
  );
}

function OtherProblems({ problems }: { problems: readonly FormProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul class="create-errors">
      {problems.map(({ path, message }) => (
        <li key={path}>
          ✕ <code>{path}</code> {message}
        </li>
      ))}
    </ul>
  );
}

/** An installation without jobs has a form that can be submitted as it is. */
function useExample(): void {
  useEffect(() => {
    if (!isUntouched() || !can('jobs:read')) return;
    void api.listPage({ pageSize: 1 }).then(
      ({ items }) => {
        if (items.length === 0 && isUntouched()) change(exampleForm);
      },
      // The form works without an example.
      () => undefined,
    );
  }, []);
}

interface Refused {
  /** The form that was refused: a change of it hides the messages. */
  readonly form: typeof form.value;
  readonly problems: readonly FormProblem[];
}

function useSubmit() {
  const { route } = useLocation();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const [refused, setRefused] = useState<Refused | undefined>(undefined);
  async function submit(request: Parameters<typeof api.submit>[0], problems: readonly FormProblem[]): Promise<void> {
    const sent = form.value;
    setError(undefined);
    setRefused({ form: sent, problems });
    if (problems.length > 0) return focusFirstError();
    lastAttempt = attemptOf(JSON.stringify(request), lastAttempt, randomKey);
    setBusy(true);
    try {
      const job = await api.submit(request, { idempotencyKey: lastAttempt.key, giveUpAfterMs });
      lastAttempt = undefined;
      tellWarnings(job);
      route(pathTo(`/jobs/${job.id}`));
    } catch (thrown) {
      setError(thrown);
      setRefused({ form: sent, problems: thrown instanceof GenwardenApiError ? thrown.errors : [] });
      setBusy(false);
      focusFirstError();
    }
  }
  return { submit, busy, error, refused };
}

function tellWarnings({ warnings }: SubmittedJob): void {
  for (const { code, message } of warnings) notify(`${message} (${code})`, { stays: true });
}

/** Once the messages are there. */
function focusFirstError(): void {
  setTimeout(() => {
    document.querySelector<HTMLElement>('.create-form [aria-invalid]')?.focus();
  });
}

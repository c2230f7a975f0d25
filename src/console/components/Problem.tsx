// An error as the API tells it: title, detail and what to do.

import { GenwardenApiError, GenwardenConnectionError } from '../../client/index.ts';

interface ProblemText {
  title: string;
  detail: string;
  hint: string | undefined;
  code: string | undefined;
}

function problemText(error: unknown): ProblemText {
  if (error instanceof GenwardenApiError) {
    const { problem, detail, hint, code } = error;
    return { title: problem.title === '' ? code : problem.title, detail, hint, code };
  }
  if (error instanceof GenwardenConnectionError) {
    const hint = 'The page tries again by itself. If this lasts, check that the API runs and can be reached.';
    return { title: 'The API does not answer', detail: error.message, hint, code: error.code };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { title: 'This did not work', detail, hint: undefined, code: undefined };
}

export function Problem({ error }: { error: unknown }) {
  const { title, detail, hint, code } = problemText(error);
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{title}</strong> {code === undefined ? null : <code>{code}</code>}
      </p>
      <p>{detail}</p>
      {hint === undefined ? null : <p class="muted">{hint}</p>}
    </div>
  );
}

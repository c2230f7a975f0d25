// The form that submits a job.

import { Page } from '../../frame/Page.tsx';

export function NewJobPage() {
  return (
    <Page title="New job">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

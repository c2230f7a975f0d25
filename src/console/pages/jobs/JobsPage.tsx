// The list of jobs.

import { Page } from '../../frame/Page.tsx';

export function JobsPage() {
  return (
    <Page title="Jobs">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

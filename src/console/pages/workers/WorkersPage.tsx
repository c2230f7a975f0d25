// The workers and what they run.

import { Page } from '../../frame/Page.tsx';

export function WorkersPage() {
  return (
    <Page title="Workers">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

// What makes no progress, and why.

import { Page } from '../../frame/Page.tsx';

export function StuckPage() {
  return (
    <Page title="Stuck">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

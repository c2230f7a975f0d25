// The results that wait for a reviewer, one after the other.

import { Page } from '../../frame/Page.tsx';

export function ReviewPage() {
  return (
    <Page title="Review">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

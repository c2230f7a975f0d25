// The pools with their queues, keys and outages.

import { Page } from '../../frame/Page.tsx';

export function PoolsPage() {
  return (
    <Page title="Pools">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

// One job: its pictures, its timeline, and why it is where it is.

import { useRoute } from 'preact-iso';
import { Page } from '../../frame/Page.tsx';

export function JobPage() {
  const { id = '' } = useRoute().params;
  return (
    <Page title={`Job ${id}`}>
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

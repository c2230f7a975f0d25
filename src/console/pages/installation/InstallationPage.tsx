// The checklist of the installation, and its settings.

import { Page } from '../../frame/Page.tsx';

export function InstallationPage() {
  return (
    <Page title="Installation">
      <p class="muted">Nothing here yet.</p>
    </Page>
  );
}

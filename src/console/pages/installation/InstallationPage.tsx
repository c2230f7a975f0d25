// The installation: its checks, versions, settings and given-up webhooks.

import { can, session } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { Page } from '../../frame/Page.tsx';
import { Checks } from './Checks.tsx';
import { DeadWebhooks } from './DeadWebhooks.tsx';
import { Settings } from './Settings.tsx';
import './installation.css';

export function InstallationPage() {
  return (
    <Page title="Installation" actions={<Links />}>
      <Checks />
      <DeadWebhooks />
      {can('admin') ? <Settings /> : null}
    </Page>
  );
}

function Links() {
  const links = session.value?.links;
  if (links === undefined) return null;
  const api = /^https?:/.test(links.api) ? links.api : pathTo(links.api);
  const all = [
    ['Documentation', links.docs],
    ['API', api],
    ['Metrics', links.metrics],
  ] as const;
  return (
    <ul class="row installation-links">
      {all.map(([title, href]) =>
        href === undefined ? null : (
          <li key={title}>
            <a href={href} target="_blank" rel="noreferrer">
              {title}
            </a>
          </li>
        ),
      )}
    </ul>
  );
}

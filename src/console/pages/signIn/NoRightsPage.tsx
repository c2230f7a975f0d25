// For a user whose token may not read jobs here: why the pages are empty, and what helps.

import { can, session } from '../../api/session.ts';
import { tenant } from '../../api/client.ts';
import { pathTo } from '../../base.ts';
import { Page } from '../../frame/Page.tsx';
import { TenantForm } from '../../frame/TenantForm.tsx';

export function NoRightsPage() {
  const { name, tenant: own } = session.value!.principal!;
  return (
    <Page title="You may not read jobs here">
      <div class="stack no-rights">
        <p>
          {name} is signed in, but has no scope <code>jobs:read</code> in tenant {tenant.value ?? own}. All pages but
          the form for a new job need it.
        </p>
        <ul class="no-rights-list">
          <li>Ask the operator of the installation for a token with the scope jobs:read, and sign in with it.</li>
          <li>If your rights are in another tenant, as with namespaces of Kubernetes, name it:</li>
        </ul>
        <TenantForm />
        {can('jobs:write') ? (
          <p>
            You may submit jobs: <a href={pathTo('/new')}>New job</a>.
          </p>
        ) : null}
      </div>
    </Page>
  );
}

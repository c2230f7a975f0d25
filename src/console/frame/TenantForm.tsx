// The choice of the tenant whose jobs are shown.

import { useEffect, useId, useState } from 'preact/hooks';
import { api, tenant } from '../api/client.ts';
import { can, session } from '../api/session.ts';
import { chooseTenant } from './tenantLinks.ts';

export function TenantForm() {
  const own = session.value?.principal?.tenant ?? 'default';
  const shown = tenant.value ?? own;
  const [typed, setTyped] = useState(shown === '*' ? '' : shown);
  const list = useId();
  const known = useKnownTenants();
  return (
    <form
      class="stack tenant-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() !== '') chooseTenant(typed.trim());
      }}
    >
      <label class="tenant-name">
        Tenant
        <span class="row">
          <input
            list={list}
            value={typed}
            autoComplete="off"
            spellcheck={false}
            maxLength={63}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <button type="submit">Show</button>
          {can('admin') ? (
            <button type="button" disabled={shown === '*'} onClick={() => chooseTenant('*')}>
              All tenants
            </button>
          ) : null}
        </span>
      </label>
      <datalist id={list}>
        {known.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </datalist>
      <p class="muted">
        The address of the page names the tenant, so links keep it. All tenants can be looked at together; changing jobs
        needs one of them.
      </p>
    </form>
  );
}

/** Those that have tasks now, as far as the user may see them. */
function useKnownTenants(): readonly string[] {
  const [known, setKnown] = useState<readonly string[]>([]);
  useEffect(() => {
    void api.pools().then(
      (pools) => setKnown([...new Set(pools.flatMap(({ tenants }) => tenants.map((one) => one.tenant)))].toSorted()),
      // The name can be typed.
      () => undefined,
    );
  }, []);
  return known;
}

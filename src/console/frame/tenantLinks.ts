// The tenant that an administrator has chosen, in the address of every page: so a link that is copied, or opened in a new tab, shows the
// same tenant.

import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { tenant } from '../api/client.ts';
import { base, pathTo } from '../base.ts';
import { withTenant } from './tenantAddress.ts';

const page = { origin: location.origin, base };

/** Links get the tenant just before they are used. */
export function keepTenantInLinks(): void {
  for (const type of ['pointerdown', 'keydown', 'contextmenu', 'dragstart', 'click']) {
    document.addEventListener(type, addTenant, true);
  }
}

function addTenant({ target }: Event): void {
  const link = target instanceof Element ? target.closest('a[href]') : null;
  const href = link?.getAttribute('href') ?? '#';
  if (tenant.value === undefined || href.startsWith('#')) return;
  const address = withTenant(new URL(href, location.href).href, tenant.value, page);
  if (address !== null && address !== href) link!.setAttribute('href', address);
}

/** The address of the page that is shown. */
export function useTenantInAddress(): void {
  const { url, route } = useLocation();
  useEffect(() => {
    const chosen = tenant.value;
    if (chosen === undefined || new URL(url, page.origin).searchParams.get('tenant') === chosen) return;
    const address = withTenant(url, chosen, page);
    if (address !== null) route(address, true);
  }, [url]);
}

/** Loads the console for another tenant, because everything that it shows belongs to one. Undefined: that of the session. */
export function chooseTenant(chosen: string | undefined): void {
  const query = chosen === undefined ? '' : `?tenant=${encodeURIComponent(chosen)}`;
  location.assign(pathTo('/') + query);
}

// The address of a page of the console for one tenant.

/** Paths below the base that are no pages. */
const otherPaths = /^(?:v1|console|docs)(?:\/|$)|^openapi\.json$/;

/** The address of a page with the tenant; null for an address that is none of the console. */
export function withTenant(href: string, chosen: string, page: { origin: string; base: string }): string | null {
  const url = new URL(href, page.origin);
  const isPage = url.origin === page.origin && url.pathname.startsWith(page.base);
  if (!isPage || otherPaths.test(url.pathname.slice(page.base.length))) return null;
  url.searchParams.set('tenant', chosen);
  return url.pathname + url.search + url.hash;
}

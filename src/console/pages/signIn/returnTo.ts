// Where a sign-in leads back to: a page of this console, never an address that a link smuggled in.

/** A path relative to the root of the console, with its query. Anything else: the first page. */
export function returnPath(returnTo: string | null): string {
  const isLocal =
    returnTo !== null && /^\/(?![/\\])[^\s\\]*$/.test(returnTo) && !/^\/(?:v1|console|sign-in)\b/.test(returnTo);
  return isLocal ? returnTo : '/';
}

/** Of the page that was asked for. `base` ends with a slash. */
export function askedFor({ pathname, search }: { pathname: string; search: string }, base: string): string {
  const path = `/${pathname.slice(base.length)}`;
  if (path !== '/sign-in') return path + search;
  return returnPath(new URLSearchParams(search).get('returnTo'));
}

export const oidcLink = (path: string): string => `/console/session/oidc?returnTo=${encodeURIComponent(path)}`;

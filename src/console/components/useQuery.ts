// Parameters of the page's address: filters, the chosen tab, what is selected.

import { useLocation } from 'preact-iso';

/** All parameters, and a function that replaces some of them; `undefined` and an empty list remove one. */
export function useQuery(): [
  URLSearchParams,
  (changes: Record<string, string | readonly string[] | undefined>) => void,
] {
  const { url, route } = useLocation();
  return [
    new URL(url, location.origin).searchParams,
    (changes) => {
      // Of the address as it is now: an earlier change may not have been rendered yet.
      const { pathname, searchParams: next } = new URL(location.href);
      for (const [name, value] of Object.entries(changes)) {
        next.delete(name);
        for (const each of value === undefined ? [] : [value].flat()) next.append(name, each);
      }
      const text = next.toString();
      route(pathname + (text === '' ? '' : `?${text}`), true);
    },
  ];
}

/** One parameter. */
export function useQueryParameter(name: string): [string | undefined, (value: string | undefined) => void] {
  const [query, change] = useQuery();
  return [query.get(name) ?? undefined, (value) => change({ [name]: value })];
}

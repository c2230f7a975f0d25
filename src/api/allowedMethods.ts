// Which methods a path has, for answers to those that it does not have.

import type { Api } from './options.ts';

/** The methods of a request's path, in alphabetical order; none if no route has the path. */
export type AllowedMethods = (path: string) => string[];

/** Knows the routes that are registered in `app` from now on. */
export function allowedMethods(app: Api): AllowedMethods {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    // The preflights of CORS match every path.
    if (url === '*') return;
    methodsOf.set(url, new Set([...(methodsOf.get(url) ?? []), ...[method].flat()]));
  });
  return (path) => {
    if (path === '*') return [...new Set([...methodsOf.values()].flatMap((methods) => [...methods]))].toSorted();
    const all = [...methodsOf].filter(([url]) => formOf(url).test(path)).flatMap(([, methods]) => [...methods]);
    return all.length === 0 ? [] : [...new Set([...all, 'OPTIONS'])].toSorted();
  };
}

/** The paths of a route such as `/v1/jobs/:id`. */
const formOf = (url: string): RegExp =>
  new RegExp(`^${url.replaceAll(/[.*+?^${'$'}{}()|[\]\\]/g, String.raw`\$&`).replaceAll(/:\w+/g, '[^/]+')}$`);

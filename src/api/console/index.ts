// The console: the pages and files that the API serves to browsers, and its sign-in. Pages and files contain no data, so they need no
// token.

import type { SignIns } from '../auth/authenticate.ts';
import type { Api, ApiContext } from '../options.ts';
import { consoleFiles } from './files.ts';
import { consolePages } from './pages.ts';
import { sessionRoutes } from './sessionRoutes.ts';

/** Registers nothing if there is no console. */
export function consoleRoutes(app: Api, context: ApiContext, signIns: SignIns): void {
  const { consoleFolder } = context;
  if (consoleFolder === undefined) return;
  consolePages(app, consoleFolder);
  consoleFiles(app, consoleFolder);
  sessionRoutes(app, context, signIns);
}

// The console: the pages and files that the API serves to browsers. They contain no data, so they need no token.

import type { Api, ApiOptions } from '../options.ts';
import { consoleFiles } from './files.ts';
import { consolePages } from './pages.ts';

/** Registers nothing if there is no console. */
export function consoleRoutes(app: Api, options: ApiOptions): void {
  const { consoleFolder } = options;
  if (consoleFolder === undefined) return;
  consolePages(app, consoleFolder);
  consoleFiles(app, consoleFolder);
}

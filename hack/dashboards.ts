// Writes the Grafana dashboards of the chart: `node hack/dashboards.ts`.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { boardJson } from './dashboards/board.ts';
import { controlPlane } from './dashboards/controlPlane.ts';
import { overview } from './dashboards/overview.ts';
import { pool } from './dashboards/pool.ts';
import { providers } from './dashboards/providers.ts';

const folder = new URL('../charts/genwarden/files/dashboards/', import.meta.url);

/** The expected files in charts/genwarden/files/dashboards, by name. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map([overview, pool, providers, controlPlane].map((board) => [`${board.name}.json`, boardJson(board)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of dashboardFiles()) writeFileSync(new URL(name, folder), text);
}

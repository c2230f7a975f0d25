// Finds unknown `GENWARDEN_…` variables and suggests the nearest known name. Variables that Kubernetes injects for services
// are ignored.

import { maskText } from './mask.ts';
import { settingDefinitions } from './settings.ts';

const known = new Set(settingDefinitions.flatMap(({ variable, fileVariable }) => [variable, fileVariable ?? variable]));

/** One problem per unknown `GENWARDEN_…` variable. The value is not shown, because it may be a mistyped secret. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('GENWARDEN_') && value !== undefined && !known.has(name))
    .filter(([name, value]) => !isInjectedByKubernetes(name, value!))
    .map(([name, value]) => `${name} ${maskText(value!, true)}: unknown; ${advice(name)}`);
}

/**
 * Kubernetes gives each pod variables for the services of its namespace, so a service named `genwarden-http` sets
 * `GENWARDEN_HTTP_PORT=tcp://…`, which looks like a setting.
 */
export function isInjectedByKubernetes(name: string, value: string): boolean {
  if (/_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);
}

function advice(name: string): string {
  const nearest = [...known]
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const close = nearest !== undefined && nearest.distance <= Math.max(2, (name.length - 'GENWARDEN_'.length) / 3);
  return close ? `did you mean ${nearest.candidate}?` : '`genwarden config` lists the settings';
}

/** Levenshtein's distance: insertions, deletions and replacements from one text to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

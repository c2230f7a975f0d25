// The report of an exploration: its size, and the shortest path to a violation if there is one.
import type { Exploration } from './explore.ts';

export function describe(name: string, result: Exploration): string {
  const { states, transitions, depth, endings, moves, tasks, violation } = result;
  const lines = [
    `${name}: ${states} states, ${transitions} transitions, depth ${depth}; ${endings} task states followed to their end`,
    `  tasks: ${counts(tasks)}`,
    `  moves: ${counts(moves)}`,
  ];
  if (violation === undefined) return lines.join('\n');
  const trace = violation.trace.map((line, index) => `  ${String(index + 1).padStart(3)}. ${line}`);
  return [...lines, `BROKEN: ${violation.check}: ${violation.message}`, ...trace].join('\n');
}

function counts(numbers: ReadonlyMap<string, number>): string {
  const sorted = [...numbers].sort(([, one], [, other]) => other - one);
  return sorted.map(([name, number]) => `${name} ${number}`).join(', ');
}

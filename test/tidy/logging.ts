// Rules for log lines: from level info on, each is an event of the catalogue.
import type { SourceFile } from './repository.ts';

/** A call such as `logger.info(…)`, `log?.warn(…)` or `logger[level](…)`. Lines of level debug need no event. */
const direct = /(?:\b|#)(?:log|\w+Log|logger|\w+Logger)(?:(?:\?\.|\.)(?:info|warn|error|fatal)\(|\[(?!\d))/g;

/** Where the one call is that all events go through. */
const home = 'src/job/logEvents/index.ts';

/** One sentence for each log line without an event. */
export function linesWithoutEvent({ path, text }: SourceFile): string[] {
  if (path === home) return [];
  return [...text.matchAll(direct)].map(({ 0: call, index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${path}:${line} calls ${call}: use logEvent, and debug for what needs no event`;
  });
}

// The tables of docs/logs.md, from the catalogue.

import { logFields, type LogEventEntry } from '../../../src/job/logEvents/entry.ts';
import { logEventGroups } from '../../../src/job/logEvents/index.ts';

export function eventTables(): string {
  return Object.entries(logEventGroups)
    .map(([title, events]) => {
      const rows = Object.entries<LogEventEntry>(events).map(
        ([name, { level, fields, when }]) =>
          `| \`${name}\` | ${level} | ${when} | ${fields.map((field) => `\`${field}\``).join(', ')} |`,
      );
      return [`### ${title}`, '', '| event | level | when | fields |', '| --- | --- | --- | --- |', ...rows].join('\n');
    })
    .join('\n\n');
}

export function fieldTable(): string {
  const rows = Object.entries(logFields).map(([name, meaning]) => `| ${name} | ${meaning} |`);
  return ['| field | meaning |', '| --- | --- |', ...rows].join('\n');
}

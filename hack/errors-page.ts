// Writes docs/errors.md from the catalogue of errors: `node hack/errors-page.ts`. A test compares.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { statusOf } from '../src/api/problem.ts';
import type { ErrorCode } from '../src/job/errors/index.ts';
import type { CatalogueEntry } from '../src/job/errors/entry.ts';
import { processErrors } from '../src/job/errors/process.ts';
import { requestErrors } from '../src/job/errors/request.ts';
import { taskErrors } from '../src/job/errors/task.ts';

const page = new URL('../docs/errors.md', import.meta.url);

const introduction = `# Errors

Everything that can go wrong in a way that a person sees has a code. It stands in \`error.code\` and \`reason\` of a failed
task, in \`code\` of a problem document ([http.md](http.md#errors)), and in the message with which a process or a command
stops. Each has a hint: what to do. _Retryable_ means that the same may work later without a change.

<!-- Written by hack/errors-page.ts from src/job/errors/. -->
`;

/** The whole page as it should be. */
export function errorsPage(): string {
  return [
    introduction,
    section(
      'Why a task or an attempt failed',
      'A retryable error is tried again until attempts or time are used up.',
      taskErrors,
    ),
    section('What the API answers', 'As problem documents with this status.', requestErrors),
    section('What stops a process or a command', 'Printed as one message; the exit code is not 0.', processErrors),
  ].join('\n');
}

function section(title: string, about: string, entries: Readonly<Record<string, CatalogueEntry>>): string {
  const codes = Object.entries(entries).map(([code, entry]) => codeText(code as ErrorCode, entry));
  return [`## ${title}\n`, `${about}\n`, ...codes].join('\n');
}

function codeText(code: ErrorCode, { title, retryable, hint, status }: CatalogueEntry): string {
  const answered = status ?? (statusOf(code) === 500 ? undefined : statusOf(code));
  const facts = [`- Retryable: ${retryable ? 'yes' : 'no'}`];
  if (answered !== undefined) facts.push(`- HTTP status: ${answered}`);
  return [`### \`${code}\`\n`, `${title}.\n`, ...facts, `- What to do: ${hint}\n`].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, errorsPage());

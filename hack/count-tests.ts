// Sums vitest's JSON reports: prints each failure once more, as the output of a long run may be cut, and then how many tests
// passed, failed and were skipped. Exits with 1 unless, in each report, some tests passed and none failed: a run without
// tests is not a success.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: TestFile[];
}

interface TestFile {
  name: string;
  status: string;
  message: string;
  assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
}

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const reports = process.argv.slice(2).map(read);
for (const failure of reports.flatMap((report) => report.testResults.flatMap(failures))) console.log(failure);
const counts = reports.map(count);
const sum = (of: keyof Count): number => counts.reduce((total, one) => total + one[of], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
const good = counts.length > 0 && counts.every(({ passed, failed }) => passed > 0 && failed === 0);
process.exitCode = good ? 0 : 1;

/** The failures of a file, each with the first lines of its message. */
function failures(file: TestFile): string[] {
  const path = relative(process.cwd(), file.name);
  if (isBroken(file)) return [describeFailure(path, file.message)];
  return file.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => describeFailure(`${path} > ${fullName}`, failureMessages.join('\n')));
}

function describeFailure(where: string, message: string): string {
  const lines = message
    .split('\n')
    .filter((line) => !line.includes('node_modules/') && !/^ +at new Promise/.test(line));
  return [`FAILED: ${where}`, ...lines.slice(0, 20)].join('\n    ');
}

function isBroken(file: TestFile): boolean {
  return file.status === 'failed' && file.assertionResults.length === 0;
}

/** A test file that fails to load counts as one failure, because it reports no tests. */
function count(report: Report): Count {
  const broken = report.testResults.filter(isBroken).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** An aborted run leaves no report. */
function read(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  }
}

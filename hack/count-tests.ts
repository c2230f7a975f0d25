// Sums vitest's JSON reports and prints how many tests passed, failed and were skipped. Exits with 1 unless, in each report,
// some tests passed and none failed: a run without tests is not a success.
import { readFileSync } from 'node:fs';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const counts = process.argv.slice(2).map((path) => count(read(path)));
const sum = (of: keyof Count): number => counts.reduce((total, one) => total + one[of], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
const good = counts.length > 0 && counts.every(({ passed, failed }) => passed > 0 && failed === 0);
process.exitCode = good ? 0 : 1;

/** A test file that fails to load counts as one failure, because it reports no tests. */
function count(report: Report): Count {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
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

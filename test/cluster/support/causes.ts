// Causes that a test injects into an installation, and the lines of `kubectl genwarden doctor` that must name each.
import { delimiter } from 'node:path';
import type { Check } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { attempt } from './run.ts';

export interface Cause {
  readonly name: string;
  inject(): Promise<unknown>;
  /** Of one failed check: its name, what it says and what it advises. */
  readonly names: RegExp;
  undo(): Promise<unknown>;
}

const bin = new URL('../../../bin', import.meta.url).pathname;
const PATH = [bin, process.env['PATH']].join(delimiter);

export const plugin = (...args: string[]) => attempt('kubectl', ['genwarden', ...args], { env: { PATH } });

export async function doctor(namespace: string, ...more: string[]): Promise<{ checks: Check[]; exitCode: number }> {
  const args = ['doctor', '--no-provider', '-o', 'json', '--installation-namespace', namespace, ...more];
  const { stdout, stderr, code } = await plugin(...args);
  try {
    return { ...(JSON.parse(stdout) as { checks: Check[] }), exitCode: code };
  } catch {
    throw new Error(`kubectl genwarden doctor printed no JSON: ${stdout}${stderr}`);
  }
}

const lineOf = ({ name, says, advice }: Check): string => `${name}: ${says} → ${advice ?? ''}`;

export interface Row {
  readonly cause: string;
  readonly said: string;
  /** ms from the injection. */
  readonly after: number;
}

/** Injects each cause, waits until doctor names it, and takes it back; throws after all if one was not named. */
export async function injectEach(namespace: string, causes: readonly Cause[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, inject, names, undo } of causes) {
    const began = performance.now();
    await inject();
    let last: Check[] = [];
    const look = async (): Promise<string | false> => {
      last = (await doctor(namespace)).checks.filter(({ ok, advice }) => !ok || advice !== null);
      return last.map(lineOf).find((line) => names.test(line)) ?? false;
    };
    try {
      const said = await until(look, { what: name, timeoutMs: 90_000, intervalMs: 500 });
      rows.push({ cause: name, said, after: Math.round(performance.now() - began) });
    } catch {
      rows.push({ cause: name, said: `NOT NAMED: ${last.map(lineOf).join(' | ')}`, after: -1 });
    } finally {
      await undo();
    }
  }
  const text = rows.map(({ cause, said, after }) => `| ${cause} | ${said} | ${after} |`);
  console.log(
    ['| cause | kubectl genwarden doctor says | named after (ms) |', '| --- | --- | ---: |', ...text].join('\n'),
  );
  const missed = rows.filter(({ after }) => after < 0);
  if (missed.length > 0) throw new Error(missed.map(({ cause, said }) => `${cause}: ${said}`).join('\n'));
  return rows;
}

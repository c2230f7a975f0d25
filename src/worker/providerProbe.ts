// Checks the provider and the worker's keys when somebody asks, by calls that generate nothing. The result goes out with the next
// heartbeats.

import { mapLimit } from '../async/mapLimit.ts';
import { AttemptFailed } from '../job/errors/index.ts';
import type { Instant } from '../job/task.ts';
import { elapsed } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { CheckedKey, ProviderCheck } from '../ports/heartbeats.ts';
import type { Provider } from '../ports/provider.ts';

export interface ProbeOptions {
  readonly provider: Pick<Provider, 'checkKey' | 'address'>;
  /** False: no call is made. */
  readonly enabled: boolean;
  /** The keys in use now, by fingerprint. */
  readonly keys: () => ReadonlyMap<string, string>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Called when there is something new to report. */
  readonly onChange: () => void;
}

export interface ProviderProbe {
  /** Begins a check, unless one runs or has just been made; then, and when it ends, `onChange` is called. Never throws. */
  check(): void;
  /** For the heartbeat; undefined if the provider has no such call. */
  last(): ProviderCheck | undefined;
  /** Ends a running check. */
  close(): void;
}

/** ms that all calls of one check may take. */
const timeout = 5_000;
/** A result is good for so long, ms: later requests get it, and the provider is not called. */
const goodFor = 10_000;
/** A heartbeat carries the result for so long, ms. */
const reportedFor = 60_000;
const atOnce = 8;

export function providerProbe({ provider, enabled, keys, clock, onChange }: ProbeOptions): ProviderProbe {
  const { address = '' } = provider;
  const closed = new AbortController();
  const checkKey = provider.checkKey?.bind(provider);
  let result: { readonly at: Instant; readonly keys: readonly CheckedKey[] } | undefined;
  let isRunning = false;
  const ageOf = ({ at }: { readonly at: Instant }): number => clock.now() - at;
  const run = async (call: NonNullable<typeof checkKey>): Promise<void> => {
    isRunning = true;
    const at = clock.now();
    const late = AbortSignal.timeout(timeout);
    const checked = await mapLimit(atOnce, [...keys()], ([fingerprint, secret]) =>
      checkOne(fingerprint, (signal) => call(secret, signal), { clock, closed: closed.signal, late }),
    );
    isRunning = false;
    result = { at, keys: checked };
    if (!closed.signal.aborted) onChange();
  };
  return {
    check: () => {
      if (isRunning) return;
      if (!enabled || checkKey === undefined || (result !== undefined && ageOf(result) < goodFor)) onChange();
      else void run(checkKey);
    },
    last: () => {
      if (checkKey === undefined) return undefined;
      const shown = result !== undefined && ageOf(result) < reportedFor ? result : { at: null, keys: [] };
      return { address, enabled, ...shown };
    },
    close: () => closed.abort(new Error('The worker ends')),
  };
}

/** Never rejects. */
async function checkOne(
  fingerprint: string,
  call: (signal: AbortSignal) => Promise<void>,
  { clock, closed, late }: Pick<ProbeOptions, 'clock'> & { readonly closed: AbortSignal; readonly late: AbortSignal },
): Promise<CheckedKey> {
  const began = clock.monotonic();
  const outcome = await call(AbortSignal.any([closed, late])).then(
    () => ({ outcome: 'accepted', says: '' }) as const,
    (error: unknown) => outcomeOf(late.aborted ? undefined : error),
  );
  return { fingerprint, ...outcome, ms: Math.round(elapsed(began, clock.monotonic())) };
}

/** Undefined: no answer in time. */
function outcomeOf(error: unknown): Pick<CheckedKey, 'outcome' | 'says'> {
  if (error === undefined) return { outcome: 'failed', says: `no answer within ${timeout / 1_000} s` };
  if (!(error instanceof AttemptFailed))
    return { outcome: 'failed', says: error instanceof Error ? error.message : 'the call failed' };
  const { code, message, provider } = error.error;
  // The list of models needs another right than the models themselves, or a gateway may not have it.
  if (code === 'ModelNotFound' || [404, 405, 501].includes(provider?.status ?? 0))
    return { outcome: 'unclear', says: message };
  if (code === 'KeyRefused' || code === 'PermissionDenied') return { outcome: 'refused', says: message };
  return { outcome: provider?.status === 429 ? 'limited' : 'failed', says: message };
}

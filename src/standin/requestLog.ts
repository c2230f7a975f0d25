// The bounded log of the stand-in's requests and their outcomes, with a way to wait for an entry.

import type { BehaviourKind } from './behaviour.ts';

export interface StandinRequest {
  /** 1 for the first request; unique. */
  id: number;
  /** Arrival, ms since the epoch. */
  at: number;
  /** The API version in the path. */
  version: string;
  model: string;
  keyFingerprint: string;
  /** At most the first 2,000 characters. */
  prompt: string;
  references: number;
  seed: number | undefined;
  behaviour: BehaviourKind;
  /** `aborted`: the client disconnected first. `cut`: the stand-in cut the connection on purpose. */
  outcome: 'open' | 'answered' | 'aborted' | 'cut';
  status: number | undefined;
  /** When the request was answered, cut, or abandoned by the client; ms since the epoch. */
  endedAt: number | undefined;
  durationMs: number | undefined;
}

/** What the log records when a request arrives. */
export type NewRequest = Pick<StandinRequest, 'version' | 'model' | 'prompt' | 'references' | 'seed'>;

export class RequestLog {
  readonly #requests: StandinRequest[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #kept: number;
  #total = 0;
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  get requests(): readonly StandinRequest[] {
    return this.#requests;
  }

  get counts(): { total: number; inFlight: number; maxInFlight: number } {
    return { total: this.#total, inFlight: this.#inFlight, maxInFlight: this.#maxInFlight };
  }

  begin(fields: NewRequest & Pick<StandinRequest, 'keyFingerprint'>): StandinRequest {
    this.#total += 1;
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    const open = { outcome: 'open', status: undefined, endedAt: undefined, durationMs: undefined } as const;
    const prompt = fields.prompt.slice(0, 2_000);
    const request: StandinRequest = { ...fields, ...open, prompt, id: this.#total, at: Date.now(), behaviour: 'image' };
    this.#requests.push(request);
    if (this.#requests.length > this.#kept) this.#requests.shift();
    this.#notifyWatchers();
    return request;
  }

  end(request: StandinRequest, outcome: StandinRequest['outcome'], status: number | undefined): void {
    if (request.outcome !== 'open') return;
    const endedAt = Date.now();
    Object.assign(request, { outcome, status, endedAt, durationMs: endedAt - request.at });
    this.#inFlight -= 1;
    this.#notifyWatchers();
  }

  /** Resolves as soon as `predicate` holds; rejects after `timeoutMs` with the last entries. */
  waitFor(predicate: (requests: readonly StandinRequest[]) => boolean, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      try {
        if (predicate(this.#requests)) resolve();
      } catch (error) {
        reject(error);
      }
    };
    const last = (): string => JSON.stringify(this.#requests.slice(-5));
    const timer = setTimeout(() => reject(new Error(`not seen in ${timeoutMs} ms; last: ${last()}`)), timeoutMs);
    this.#watchers.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(check);
    });
  }

  #notifyWatchers(): void {
    for (const check of this.#watchers) check();
  }
}

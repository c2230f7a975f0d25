// What the clients of the shared situation did, counted by themselves.

import { randomBytes } from 'node:crypto';
import type { GenwardenClient, SubmitRequest } from '../../../src/client/index.ts';

export interface SubmitCount {
  readonly pool: string;
  readonly outcome: 'stored' | 'replayed' | 'refused' | 'failed';
  /** The code of a refusal. */
  readonly code?: string;
}

export class Ledger {
  readonly #client: GenwardenClient;
  readonly #url: string;
  /** Every job that was accepted. */
  readonly jobs: string[] = [];
  /** Of the callers, one for each request. */
  readonly traceIds: string[] = [];
  /** One for each request. */
  readonly submits: SubmitCount[] = [];

  constructor(client: GenwardenClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Resolves when it is accepted. */
  async submit(request: SubmitRequest): Promise<string> {
    const answer = await this.post(request);
    if (answer.id === undefined) throw new Error(`a submit was refused: ${answer.code}`);
    return answer.id;
  }

  /** And waits until it is terminal, or waits for nothing but a reviewer. */
  async finish(request: SubmitRequest): Promise<string> {
    const job = await this.submit(request);
    await this.#client.wait(job);
    return job;
  }

  /** One request, without the retries of the client. */
  async post(request: SubmitRequest, key: string = crypto.randomUUID()): Promise<{ id?: string; code?: string }> {
    const traceId = randomBytes(16).toString('hex');
    this.traceIds.push(traceId);
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
    const headers = { 'content-type': 'application/json', 'idempotency-key': key, traceparent };
    const response = await fetch(`${this.#url}/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(request) });
    const answer = (await response.json()) as { id?: string; code?: string };
    const pool = request.pool ?? 'default';
    if (answer.code !== undefined) {
      this.submits.push({ pool, outcome: response.status < 500 ? 'refused' : 'failed', code: answer.code });
      return { code: answer.code };
    }
    const isReplay = response.headers.get('idempotency-replayed') === 'true';
    this.submits.push({ pool, outcome: isReplay ? 'replayed' : 'stored' });
    if (!isReplay) this.jobs.push(answer.id!);
    return { id: answer.id! };
  }
}

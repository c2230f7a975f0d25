// Passes spans on to the receiver, and logs when it begins to fail and when it works again: once for each outage.

import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { logEvent, type EventLogger } from '../../job/logEvents/index.ts';

export class ReportedDelivery implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #host: string;
  readonly #logger: EventLogger;
  /** Spans that were not delivered since the receiver began to fail. */
  #lost = 0;

  /** The log names only the host of the receiver: its path may be a secret. */
  constructor(exporter: SpanExporter, receiver: string, logger: EventLogger) {
    this.#exporter = exporter;
    this.#host = new URL(receiver).host;
    this.#logger = logger;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#delivered();
      else this.#failed(spans.length, result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #failed(spans: number, error: Error | undefined): void {
    if (this.#lost === 0) {
      const why = error === undefined ? '' : `: ${error.message}`;
      const message = `Traces cannot be delivered to ${this.#host}${why}; spans are dropped until they can`;
      logEvent(this.#logger, 'traces_undeliverable', { host: this.#host, err: error }, message);
    }
    this.#lost += spans;
  }

  #delivered(): void {
    if (this.#lost === 0) return;
    const message = `Traces are delivered to ${this.#host} again; ${this.#lost} or more spans were lost`;
    logEvent(this.#logger, 'traces_delivered', { host: this.#host, count: this.#lost }, message);
    this.#lost = 0;
  }
}

// Partial texts in memory: a test sees what was sent, plays workers and watchers, and loses messages.

import type { PartialText, PartialTexts, TextRequest } from '../../src/ports/partialTexts.ts';

export interface FakePartialTexts extends PartialTexts {
  /** Every piece that was sent, oldest first, also lost ones. */
  readonly sent: readonly PartialText[];
  readonly asked: readonly (TextRequest & { readonly job: string })[];
  /** While true, pieces are sent and reach nobody. */
  losing: boolean;
  /** While true, nothing can be sent. */
  disconnected: boolean;
  /** The jobs with a watcher. */
  watched(): readonly string[];
}

export function fakePartialTexts(): FakePartialTexts {
  const watchers = new Map<string, Set<(text: PartialText) => void>>();
  const workers = new Map<string, Set<(request: TextRequest) => void>>();
  const sent: PartialText[] = [];
  const asked: (TextRequest & { job: string })[] = [];
  const texts: FakePartialTexts = {
    sent,
    asked,
    losing: false,
    disconnected: false,
    watched: () => [...watchers].flatMap(([job, all]) => (all.size > 0 ? job : [])),
    send: (text) => {
      if (texts.disconnected) return false;
      sent.push(structuredClone(text));
      if (!texts.losing) for (const listener of watchers.get(text.job) ?? []) listener(structuredClone(text));
      return true;
    },
    watch: (job, listener) => add(watchers, job, listener),
    ask: (job, request) => {
      if (texts.disconnected) return;
      asked.push({ job, ...request });
      for (const listener of workers.get(job) ?? []) listener(request);
    },
    onAsked: (job, listener) => add(workers, job, listener),
  };
  return texts;
}

function add<T>(
  listeners: Map<string, Set<(event: T) => void>>,
  job: string,
  listener: (event: T) => void,
): () => void {
  const all = listeners.get(job) ?? new Set();
  listeners.set(job, all.add(listener));
  return () => all.delete(listener);
}

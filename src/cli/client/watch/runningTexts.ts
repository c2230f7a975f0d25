// The text of running tasks on the screen of `watch`, as the events of their jobs bring it. It is an extra: without it, the screen
// shows progress only.

import type { GenwardenClient, Job } from '../../../client/index.ts';

/** Characters kept of one text: more than any terminal shows. */
const longest = 50_000;

/** How long the API may be unavailable, ms; the watch itself ends earlier. */
const outageMs = 3_600_000;

export interface ShownText {
  readonly job: string;
  readonly task: number;
  /** Its end, if it is very long. */
  readonly text: string;
}

export class RunningTexts {
  readonly #client: Pick<GenwardenClient, 'events'>;
  readonly #stop = new AbortController();
  readonly #followed = new Set<string>();
  #latest: ShownText | undefined;

  constructor(client: Pick<GenwardenClient, 'events'>) {
    this.#client = client;
  }

  /** The text that changed last. */
  get latest(): ShownText | undefined {
    return this.#latest;
  }

  /** Follows the texts of a job, once; does nothing for a job without text. */
  follow({ id, kind, tasks = [], finishedAt }: Job): void {
    const writes = kind === 'text' || tasks.some((task) => task.kind === 'text');
    if (!writes || finishedAt !== null || this.#followed.has(id)) return;
    this.#followed.add(id);
    void this.#read(id).catch(() => undefined);
  }

  close(): void {
    this.#stop.abort();
  }

  async #read(job: string): Promise<void> {
    const texts = new Map<number, { start: number; text: string }>();
    for await (const { event, data } of this.#client.events(job, {
      signal: this.#stop.signal,
      giveUpAfterMs: outageMs,
    })) {
      if (event !== 'progress' || data.partial === undefined) continue;
      const { offset, text } = data.partial;
      const { start = 0, text: before = '' } =
        offset === 0 ? {} : (texts.get(data.task) ?? { start: offset, text: '' });
      const whole = before.slice(0, Math.max(0, offset - start)) + text;
      const dropped = Math.max(0, whole.length - longest);
      const kept = { start: start + dropped, text: whole.slice(dropped) };
      texts.set(data.task, kept);
      this.#latest = { job, task: data.task, text: kept.text };
    }
  }
}

// What a child process does with its commands. `Role` is what differs between the systems.

import { inParallel } from '../measure.ts';
import { promptOf } from './payload.ts';
import { monotonic, type Command, type Message, type Moments, type Progress } from './child.ts';

export interface Role {
  add(id: number): Promise<unknown>;
  /** Resolves when the worker takes tasks. */
  work(slots: number, seen: Seen): Promise<AsyncDisposable>;
}

/** Between two reports of progress, ms. */
const reportEvery = 20;

/** What a worker has started and ended. */
export class Seen {
  readonly #ended = new Set<string>();
  #starts: (readonly [string, number])[] = [];
  #calls = 0;
  #at = 0;

  started(prompt: string): void {
    this.#starts.push([prompt, monotonic()]);
  }

  ended(id: string): void {
    this.#ended.add(id);
    this.#calls += 1;
    this.#at = monotonic();
  }

  progress(): Progress {
    if (this.#calls !== this.#ended.size) throw new Error(`${this.#calls - this.#ended.size} tasks ended twice`);
    return { ended: this.#ended.size, at: this.#at };
  }

  takeStarts(): Moments {
    const starts = this.#starts;
    this.#starts = [];
    return starts;
  }
}

/** Takes commands from the parent until it ends this process. */
export function serve(role: Role): void {
  const state: State = { role, seen: new Seen(), worker: undefined, told: 0 };
  setInterval(() => report(state), reportEvery).unref();
  process.on('message', (command: Command) => {
    answer(state, command).then(
      (value) => send({ is: 'done', value }),
      (error: unknown) => send({ is: 'failed', error: error instanceof Error ? error.stack! : String(error) }),
    );
  });
  process.once('SIGTERM', () => process.exit(0));
  process.once('disconnect', () => process.exit(0));
  send({ is: 'ready' });
}

interface State {
  readonly role: Role;
  readonly seen: Seen;
  worker: AsyncDisposable | undefined;
  told: number;
}

const send = (message: Message): void => void process.send!(message);

function report(state: State): void {
  const progress = state.seen.progress();
  if (progress.ended === state.told) return;
  state.told = progress.ended;
  send({ is: 'progress', ...progress });
}

async function answer(state: State, command: Command): Promise<unknown> {
  const { role, seen } = state;
  switch (command.do) {
    case 'add':
      return inParallel(command.count, command.atOnce, (index) => role.add(command.from + index));
    case 'pace':
      return pace(role, command);
    case 'work':
      state.worker = await role.work(command.slots, seen);
      return undefined;
    case 'starts':
      return seen.takeStarts();
    case 'stop':
      await state.worker?.[Symbol.asyncDispose]();
      state.worker = undefined;
      return seen.progress().ended;
    default:
      return command satisfies never;
  }
}

/** The moment before each add. One that is slow does not delay the next. */
async function pace(role: Role, { from, count, everyMs }: Extract<Command, { do: 'pace' }>): Promise<Moments> {
  const begun = monotonic();
  const added: [string, number][] = [];
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + index * everyMs - monotonic())));
    added.push([promptOf(from + index), monotonic()]);
    pending.push(role.add(from + index));
  }
  await Promise.all(pending);
  return added;
}

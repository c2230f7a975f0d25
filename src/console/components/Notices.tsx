// Short messages about what the user did, read out by screen readers. A failure stays until it is dismissed.

import { signal } from '@preact/signals';
import { Problem } from './Problem.tsx';

interface Notice {
  id: number;
  text: string | undefined;
  error: unknown;
}

const notices = signal<readonly Notice[]>([]);
let nextId = 1;

/** ms. */
const shownFor = 5_000;
const most = 3;

/** `stays`: until the user dismisses it, for what must not be missed. */
export function notify(text: string, { stays = false }: { stays?: boolean } = {}): void {
  const id = add({ text, error: undefined });
  if (!stays) setTimeout(() => dismiss(id), shownFor);
}

export function notifyError(error: unknown): void {
  add({ text: undefined, error });
}

/** Runs an action of a button, and tells how it went. */
export async function act(action: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await action();
    notify(done);
    return true;
  } catch (error) {
    notifyError(error);
    return false;
  }
}

function add(notice: Omit<Notice, 'id'>): number {
  const id = nextId;
  nextId += 1;
  notices.value = [...notices.value, { id, ...notice }].slice(-most);
  return id;
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(({ id, text, error }) => (
        <div key={id} class="notice">
          {error === undefined ? <p>{text}</p> : <Problem error={error} />}
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}

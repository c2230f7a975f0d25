// The input of one task, as the model gets it: read when it is shown, and again when another run of the task has begun.

import { useEffect, useState } from 'preact/hooks';
import type { ModelInput } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';

export interface InputState {
  input: ModelInput | undefined;
  error: unknown;
}

const nothing: InputState = { input: undefined, error: undefined };

/** `state`: of the task; the templates of one that waited for others are known once it is queued. */
export function useInput(job: string, task: number, run: number, state = ''): InputState {
  const [read, setRead] = useState<InputState & { of: string }>({ ...nothing, of: '' });
  const of = `${job}/${task}`;
  useEffect(() => {
    const stop = new AbortController();
    api.input(job, task, { signal: stop.signal }).then(
      (input) => setRead({ input, error: undefined, of }),
      (error: unknown) => {
        if (!stop.signal.aborted) setRead({ input: undefined, error, of });
      },
    );
    return () => stop.abort();
  }, [job, task, run, state]);
  return read.of === of ? read : nothing;
}

// The input of one task, as the model gets it: read when it is shown, and again when another run of the task has begun.

import { useEffect, useState } from 'preact/hooks';
import { GenwardenApiError, type Json, type Kind } from '../../../../client/index.ts';
import { apiFetch } from '../../../api/client.ts';
import { pathTo } from '../../../base.ts';

export interface ShownInput {
  kind: Kind;
  model: string;
  prompt: string;
  system: string | null;
  schema: Json;
  aspectRatio: string | null;
  imageSize: string | null;
  seed: number | null;
  providerOptions: Json;
  references: {
    index: number;
    mediaType: string | null;
    bytes: number | null;
    caption: string | null;
    from: { task: string; name: string } | null;
    href: string | null;
  }[];
  after: string[];
  unresolved: string[];
  tweak: { prompt: string; instructions: string[] } | null;
  metadata: Json;
}

export interface InputState {
  input: ShownInput | undefined;
  error: unknown;
}

const nothing: InputState = { input: undefined, error: undefined };

/** `state`: of the task; the templates of one that waited for others are known once it is queued. */
export function useInput(job: string, task: number, run: number, state = ''): InputState {
  const [read, setRead] = useState<InputState & { of: string }>({ ...nothing, of: '' });
  const of = `${job}/${task}`;
  useEffect(() => {
    const stop = new AbortController();
    readInput(job, task, stop.signal).then(
      (input) => setRead({ input, error: undefined, of }),
      (error: unknown) => {
        if (!stop.signal.aborted) setRead({ input: undefined, error, of });
      },
    );
    return () => stop.abort();
  }, [job, task, run, state]);
  return read.of === of ? read : nothing;
}

async function readInput(job: string, task: number, signal: AbortSignal): Promise<ShownInput> {
  const response = await apiFetch(pathTo(`/v1/jobs/${job}/tasks/${task}/input`), { signal });
  if (!response.ok) throw new GenwardenApiError((await response.json()) as GenwardenApiError['problem']);
  return (await response.json()) as ShownInput;
}

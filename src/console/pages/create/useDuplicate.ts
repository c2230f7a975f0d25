// `/new?from=<job>` fills the form with what that job was submitted with.

import { useEffect } from 'preact/hooks';
import type { Job, ModelInput } from '../../../client/index.ts';
import { api } from '../../api/client.ts';
import { pathTo } from '../../base.ts';
import { notify, notifyError } from '../../components/Notices.tsx';
import { useQueryParameter } from '../../components/useQuery.ts';
import { formOf, mostRead, storedReferences } from './duplicate.ts';
import { change } from './form.ts';
import { addStored } from './references.ts';

export function useDuplicate(): void {
  const [from, setFrom] = useQueryParameter('from');
  useEffect(() => {
    if (from === undefined) return undefined;
    const stop = new AbortController();
    fill(from, stop.signal).then(
      // Without it, coming back to the page does not fill the form again.
      () => setFrom(undefined),
      (error: unknown) => {
        if (!stop.signal.aborted) notifyError(error);
      },
    );
    return () => stop.abort();
  }, [from]);
}

async function fill(id: string, signal: AbortSignal): Promise<void> {
  const job = await api.get(id, { signal });
  const inputs = await inputsOf(job, signal);
  change(formOf(job, inputs));
  for (const reference of inputs[0] === undefined ? [] : storedReferences(inputs[0])) {
    const { artifact, bytes, caption, href, index } = reference;
    const name = caption ?? `reference ${index + 1}`;
    addStored({ artifact, name, bytes: bytes ?? 0, preview: pathTo(href ?? ''), caption: caption ?? '' });
  }
  notify(`The form is filled from job ${id}, without its time limits and its review`);
}

/** One after the other: the API has other clients. */
async function inputsOf({ id, tasks = [] }: Job, signal: AbortSignal): Promise<ModelInput[]> {
  const inputs: ModelInput[] = [];
  for (const { index } of tasks.slice(0, mostRead)) inputs.push(await api.input(id, index, { signal }));
  return inputs;
}

// The job as the API shows it, at the moment of reading, and the command that reads it.

import { useEffect, useState } from 'preact/hooks';
import { api } from '../../../api/client.ts';
import { session } from '../../../api/session.ts';
import { apiUrl } from '../../../base.ts';
import { Code } from '../../../components/Copy.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { clockTime } from '../../../format.ts';
import { currentTime } from '../../../live/now.ts';
import { LargeText } from '../LargeText.tsx';

interface ReadJson {
  text: string;
  /** ms since 1970. */
  at: number;
}

export function JsonTab({ id }: { id: string }) {
  const [read, setRead] = useState<ReadJson | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  async function refresh(signal?: AbortSignal): Promise<void> {
    try {
      const text = JSON.stringify(await api.get(id, { signal }), null, 2);
      setRead({ text, at: currentTime() });
      setError(undefined);
    } catch (thrown) {
      if (signal?.aborted !== true) setError(thrown);
    }
  }
  useEffect(() => {
    const stop = new AbortController();
    void refresh(stop.signal);
    return () => stop.abort();
  }, [id]);
  const token = session.value?.authentication === 'required' ? ` -H "authorization: Bearer $GENWARDEN_TOKEN"` : '';
  return (
    <div class="stack">
      <Code text={`curl -s ${apiUrl}/v1/jobs/${id}${token}`} label="The command that reads the job" />
      <div class="row">
        {read === undefined ? null : <span class="muted">Read at {clockTime(read.at, read.at)}</span>}
        <button type="button" onClick={() => void refresh()}>
          Read again
        </button>
      </div>
      {error === undefined ? null : <Problem error={error} />}
      {read === undefined ? null : <LargeText text={read.text} label="The job as JSON" />}
    </div>
  );
}

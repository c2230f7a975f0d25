// Makes links that show the job without a token.

import { useState } from 'preact/hooks';
import type { Job, JobLinks } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { Code } from '../../../components/Copy.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { Moment } from '../../../components/Time.tsx';

const durations: readonly (readonly [value: string, text: string])[] = [
  ['1h', '1 hour'],
  ['1d', '1 day'],
  ['7d', '7 days'],
];

export function ShareDialog({ job, close }: { job: Job; close: () => void }) {
  const [expiresIn, setExpiresIn] = useState('1h');
  const [links, setLinks] = useState<JobLinks | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  async function make(): Promise<void> {
    try {
      setLinks(await api.links(job.id, { expiresIn }));
      setError(undefined);
    } catch (thrown) {
      setError(thrown);
    }
  }
  return (
    <Dialog title="Share the job" onClose={close}>
      <div class="stack job-share">
        <p>
          Anyone who has a link can read this job, its events and its results without a token, until the link expires.
        </p>
        <label class="row">
          For
          <select value={expiresIn} onChange={(event) => setExpiresIn(event.currentTarget.value)}>
            {durations.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
          <button type="button" class="primary" onClick={() => void make()}>
            Make the links
          </button>
        </label>
        {error === undefined ? null : <Problem error={error} />}
        {links === undefined ? null : <Links links={links} />}
      </div>
    </Dialog>
  );
}

function Links({ links: { job, events, artifacts, expiresAt } }: { links: JobLinks }) {
  const pictures = artifacts.filter(({ artifact }) => artifact !== 'thumbnail' && artifact !== 'metadata');
  return (
    <>
      <p>
        They work until <Moment at={expiresAt} />, at most until the job expires.
      </p>
      <h3>The job, as JSON</h3>
      <Code text={job} label="Link to the job" />
      <h3>Its events</h3>
      <Code text={events} label="Link to its events" />
      {pictures.length === 0 ? null : (
        <>
          <h3>Its results</h3>
          <Code text={pictures.map(({ href }) => href).join('\n')} label="Links to its results" />
        </>
      )}
    </>
  );
}

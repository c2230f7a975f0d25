// One job: its pictures, its timeline, and why it is where it is.

import { useRoute } from 'preact-iso';
import { useState } from 'preact/hooks';
import { GenwardenApiError, type Job } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { Problem } from '../../components/Problem.tsx';
import { Tabs, type Tab } from '../../components/Tabs.tsx';
import { Page } from '../../frame/Page.tsx';
import { connection } from '../../live/events.ts';
import { Actions } from './actions/Actions.tsx';
import { Heading } from './heading/Heading.tsx';
import { Why } from './heading/Why.tsx';
import { useJob, type JobFollower } from './live/jobFollower.ts';
import { PictureDialog } from './pictures/PictureDialog.tsx';
import { Pictures } from './pictures/Pictures.tsx';
import { HistoryTab } from './tabs/HistoryTab.tsx';
import { InputTab } from './tabs/InputTab.tsx';
import { JsonTab } from './tabs/JsonTab.tsx';
import { Timeline } from './timeline/Timeline.tsx';
import './job.css';

export function JobPage() {
  const { id = '' } = useRoute().params;
  const follower = useJob(id);
  const job = follower.job.value;
  if (follower.gone.value !== undefined)
    return <NoJob id={id} error={follower.gone.value} wasKnown={job !== undefined} />;
  if (job === undefined) {
    const problem = follower.problem.value;
    return (
      <Page title={`Job ${id}`}>
        {problem === undefined ? <p class="muted">Reading the job…</p> : <Problem error={problem} />}
      </Page>
    );
  }
  return <KnownJob key={id} follower={follower} job={job} />;
}

function NoJob({ id, error, wasKnown }: { id: string; error: unknown; wasKnown: boolean }) {
  return (
    <Page title={`Job ${id}`}>
      {wasKnown ? <p>The job was deleted or has expired while this page showed it.</p> : null}
      <Problem error={error} />
      <p>
        <a href={pathTo('/')}>To the jobs</a>
      </p>
    </Page>
  );
}

function KnownJob({ follower, job }: { follower: JobFollower; job: Job }) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  // The tab in which a person begins stays the same while the job runs.
  const [initial] = useState(() => initialTab(job));
  const choose = (task: number, isChosen: boolean): void => {
    const next = new Set(chosen);
    if (isChosen) next.add(task);
    else next.delete(task);
    setChosen(next);
  };
  const tabs: Tab[] = [
    {
      id: 'pictures',
      title: 'Pictures',
      content: () => <Pictures follower={follower} chosen={chosen} choose={choose} />,
    },
    { id: 'timeline', title: 'Timeline', content: () => <Timeline follower={follower} /> },
    { id: 'history', title: 'History', content: () => <HistoryTab follower={follower} /> },
    { id: 'input', title: 'Input', content: () => <InputTab follower={follower} /> },
    { id: 'json', title: 'JSON', content: () => <JsonTab id={job.id} /> },
  ];
  return (
    <Page
      title={job.prompt ?? `Job ${job.id}`}
      actions={<Actions follower={follower} job={job} chosen={chosen} clearChosen={() => setChosen(new Set())} />}
    >
      {follower.problem.value instanceof GenwardenApiError ? <Problem error={follower.problem.value} /> : null}
      <div class={connection.value.state === 'reconnecting' ? 'job stale' : 'job'}>
        <Heading follower={follower} job={job} />
        <Why follower={follower} />
        <Tabs tabs={tabs} label="Parts of the job" initial={initial} />
      </div>
      <PictureDialog follower={follower} />
    </Page>
  );
}

/** Why it is not done yet, or why it failed, is in the timeline. */
const initialTab = ({ state }: Job): string =>
  state === 'succeeded' || state === 'needs_review' ? 'pictures' : 'timeline';

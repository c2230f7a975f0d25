// The results of a job: a card for each task, which fills as its result arrives.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../../../../client/index.ts';
import { stateWord } from '../../../components/StateBadge.tsx';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { counted } from '../../../format.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { TaskCard } from './TaskCard.tsx';
import './pictures.css';

const states: readonly State[] = ['running', 'queued', 'waiting', 'needs_review', 'succeeded', 'failed', 'cancelled'];
/** More cards are rendered once the last one comes near. */
const atOnce = 60;

interface PicturesProps {
  follower: JobFollower;
  chosen: ReadonlySet<number>;
  choose: (task: number, isChosen: boolean) => void;
}

export function Pictures({ follower, chosen, choose }: PicturesProps) {
  const [filter, setFilter] = useQueryParameter('show');
  const ofTasks = follower.states.value.split(',');
  const shown = follower.tasks.value.filter((_, at) => filter === undefined || ofTasks[at] === filter);
  const [limit, more] = useLimit(shown.length, filter);
  return (
    <div class="stack">
      {ofTasks.length > 1 ? <StateFilter ofTasks={ofTasks} filter={filter} setFilter={setFilter} /> : null}
      {shown.length === 0 ? <p class="muted">No task is {stateWord(filter ?? '')} now.</p> : null}
      <ul class={shown.length === 1 ? 'cards single' : 'cards'}>
        {shown.slice(0, limit).map((task) => {
          const { index } = task.peek();
          return <TaskCard key={index} follower={follower} task={task} isChosen={chosen.has(index)} choose={choose} />;
        })}
      </ul>
      {shown.length > limit ? (
        <p ref={more} class="muted">
          {counted(shown.length - limit, 'more task follows', 'more tasks follow')}.
        </p>
      ) : null}
    </div>
  );
}

/** Grows while the element behind the list is near the window. */
function useLimit(total: number, filter: string | undefined) {
  const [limit, setLimit] = useState(atOnce);
  const more = useRef<HTMLParagraphElement>(null);
  useEffect(() => setLimit(atOnce), [filter]);
  useEffect(() => {
    if (more.current === null) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry!.isIntersecting) setLimit((last) => last + atOnce);
      },
      { rootMargin: '1200px' },
    );
    observer.observe(more.current);
    return () => observer.disconnect();
  }, [limit, total > limit]);
  return [limit, more] as const;
}

interface StateFilterProps {
  ofTasks: readonly string[];
  filter: string | undefined;
  setFilter: (state: string | undefined) => void;
}

function StateFilter({ ofTasks, filter, setFilter }: StateFilterProps) {
  const countOf = (state: string): number => ofTasks.filter((other) => other === state).length;
  const present = states.filter((state) => state === filter || ofTasks.includes(state));
  return (
    <div class="row" role="group" aria-label="Show tasks by state">
      <Choice text={`all ${ofTasks.length}`} isOn={filter === undefined} choose={() => setFilter(undefined)} />
      {present.map((state) => (
        <Choice
          key={state}
          text={`${stateWord(state)} ${countOf(state)}`}
          isOn={filter === state}
          choose={() => setFilter(filter === state ? undefined : state)}
        />
      ))}
    </div>
  );
}

function Choice({ text, isOn, choose }: { text: string; isOn: boolean; choose: () => void }) {
  return (
    <button type="button" class="choice" aria-pressed={isOn} onClick={choose}>
      {text}
    </button>
  );
}

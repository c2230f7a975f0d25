// Why the job is where it is, what happens next by itself, and what to do: as `genwarden explain` says it.

import { useState } from 'preact/hooks';
import type { ExplainedTask } from '../../../../client/index.ts';
import { useQuery } from '../../../components/useQuery.ts';
import { StateBadge } from '../../../components/StateBadge.tsx';
import { Countdown, Moment } from '../../../components/Time.tsx';
import { Words } from '../../../components/Words.tsx';
import { counted } from '../../../format.ts';
import { isWide } from '../isWide.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { taskName } from '../timeline/words.ts';
import { groupsOf, needsPerson, withoutTimes, type Group } from './groups.ts';

const mostNamed = 3;

/** Causes that are shown before the user asks for all. */
const most = 3;

export function Why({ follower }: { follower: JobFollower }) {
  const [showsAll, setShowsAll] = useState(false);
  const explained = follower.explained.value;
  if (explained === undefined) return null;
  const groups = groupsOf(explained.tasks);
  if (groups.length === 0) return null;
  // A job that only takes its time needs no more than one line.
  const atFirst = Math.max(1, Math.min(most, groups.filter(needsPerson).length));
  const shown = showsAll ? groups : groups.slice(0, atFirst);
  return (
    <section class="card job-why" aria-label="Why the job is where it is">
      <ul>
        {shown.map((group) => (
          <GroupItem
            key={`${group.first.state} ${group.first.cause} ${group.first.error?.code}`}
            group={group}
            isOpenAtFirst={groups.length === 1 && isWide()}
          />
        ))}
      </ul>
      {groups.length > atFirst ? (
        <button type="button" class="plain why-more" aria-expanded={showsAll} onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? 'Show less' : counted(groups.length - atFirst, 'more cause')}
        </button>
      ) : null}
    </section>
  );
}

/** One line, and what follows from it on demand. */
function GroupItem({ group: { first, tasks }, isOpenAtFirst }: { group: Group; isOpenAtFirst: boolean }) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  return (
    <li class="why-group">
      <div class="why-line">
        <button
          type="button"
          class="plain why-toggle"
          aria-expanded={isOpen}
          aria-label={`${isOpen ? 'Less' : 'More'} about: ${first.summary}`}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? '▾' : '▸'}
        </button>
        <StateBadge state={first.state} />
        <Names tasks={tasks} />
        <span class={isOpen ? 'why-summary' : 'why-summary folded'} dir="auto">
          <Words text={first.summary} />
        </span>
      </div>
      {isOpen ? <Consequences task={first} /> : null}
    </li>
  );
}

function Consequences({ task: { details, next, advice } }: { task: ExplainedTask }) {
  const [first] = next;
  return (
    <div class="why-consequences">
      {details.map((detail) => (
        <p key={detail} class="muted" dir="auto">
          <Words text={detail} />
        </p>
      ))}
      {first === undefined ? null : (
        <p class="muted">
          <Countdown until={first.at} /> (<Moment at={first.at} plain />
          ): <Words text={withoutTimes(first.says)} />
        </p>
      )}
      {advice.map((text) => (
        <p key={text}>
          <span aria-hidden="true">→ </span>
          <Words text={text} />
        </p>
      ))}
    </div>
  );
}

/** Each leads to where its task is in the timeline. */
function Names({ tasks }: { tasks: readonly ExplainedTask[] }) {
  const [, change] = useQuery();
  const more = tasks.length - mostNamed;
  return (
    <>
      {tasks.slice(0, mostNamed).map(({ task, name, sequence }) => (
        <button
          key={task}
          type="button"
          class="why-task"
          dir="auto"
          title="Show it in the timeline"
          onClick={() => change({ tab: 'timeline', span: `${task}-${sequence}` })}
        >
          {taskName({ index: task, name })}
        </button>
      ))}
      {more > 0 ? <span class="muted">and {more} more</span> : null}
    </>
  );
}

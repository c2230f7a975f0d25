// Tasks that are overdue or make no progress: why, what happens next, and failing exactly those that are chosen.

import { useState } from 'preact/hooks';
import type { FixedTask, StuckList } from '../../../client/index.ts';
import { api, tenant } from '../../api/client.ts';
import { Loaded } from '../../components/Loaded.tsx';
import { Moment } from '../../components/Time.tsx';
import { useQueryParameter } from '../../components/useQuery.ts';
import { Page } from '../../frame/Page.tsx';
import { currentTime } from '../../live/now.ts';
import { usePoll } from '../../live/poll.ts';
import { FixResult } from './FixResult.tsx';
import { StuckTasks } from './StuckTasks.tsx';
import './stuck.css';

const everyMs = 5_000;
const ages = ['1m', '5m', '15m', '1h'];
const usualAge = '5m';

interface Seen {
  list: StuckList;
  /** ISO. */
  at: string;
}

export function StuckPage() {
  const [age = usualAge, chooseAge] = useQueryParameter('olderThan');
  const [fixed, setFixed] = useState<readonly FixedTask[]>([]);
  const read = async (signal: AbortSignal): Promise<Seen> => {
    const list = await api.stuck({ olderThan: age }, { signal });
    return { list, at: new Date(currentTime()).toISOString() };
  };
  const polled = usePoll(read, everyMs, `${age} ${tenant.value ?? ''}`);
  function finish(outcomes: readonly FixedTask[]): void {
    setFixed(outcomes);
    void polled.refresh();
  }
  return (
    <Page title="Stuck" actions={<AgeChoice age={age} onChoose={chooseAge} />}>
      {fixed.length === 0 ? null : <FixResult fixed={fixed} onDismiss={() => setFixed([])} />}
      <Loaded polled={polled} what="what is stuck">
        {({ list, at }) =>
          list.items.length === 0 ? (
            <Nothing list={list} age={age} at={at} isKnown={polled.error.value === undefined} />
          ) : (
            <>
              <StuckTasks list={list} onFixed={finish} />
              <p class="muted">
                Checked at <Moment at={at} />
              </p>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function AgeChoice({ age, onChoose }: { age: string; onChoose: (age: string | undefined) => void }) {
  const choices = ages.includes(age) ? ages : [age, ...ages];
  return (
    <label class="row">
      Without progress for
      <select value={age} onChange={({ currentTarget: { value } }) => onChoose(value === usualAge ? undefined : value)}>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </label>
  );
}

interface NothingProps {
  list: StuckList;
  age: string;
  at: string;
  /** False: later requests failed. */
  isKnown: boolean;
}

function Nothing({ list: { searched }, age, at, isKnown }: NothingProps) {
  if (!isKnown || !searched.complete) return <Unknown at={at} />;
  const { openTasks, tenant: of, leader, sequence } = searched;
  return (
    <section class="card stack stuck-nothing">
      <h2>
        <span class="state succeeded" aria-hidden="true">
          ●
        </span>{' '}
        Nothing is stuck
      </h2>
      <p>
        No task is overdue, and each open task has made progress within {age} or waits for something that ends by
        itself: a review, an outage, a budget, or a queue that moves.
      </p>
      {leader === null ? <p role="alert">No controller leads, so nothing moves tasks that become overdue.</p> : null}
      <p class="muted">
        Checked at <Moment at={at} />: {openTasks === 1 ? '1 open task' : `${openTasks} open tasks`} of{' '}
        {of === null ? 'all tenants' : `tenant ${of}`}, seen up to message {sequence} of the stream
      </p>
    </section>
  );
}

/** An old answer is no all-clear. */
function Unknown({ at }: { at: string }) {
  return (
    <section class="card stack stuck-nothing">
      <h2>It is not known what is stuck</h2>
      <p>
        At <Moment at={at} /> no task that this API could read was stuck.
      </p>
    </section>
  );
}

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
            <Nothing age={age} at={at} />
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

function Nothing({ age, at }: { age: string; at: string }) {
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
      <p class="muted">
        Checked at <Moment at={at} />
      </p>
    </section>
  );
}

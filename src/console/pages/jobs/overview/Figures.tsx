// The figures of the last hour above the list.

import { pathTo } from '../../../base.ts';
import { Sparkline } from '../../../components/Sparkline.tsx';
import { isStale } from '../../../frame/LiveState.tsx';
import { activity } from '../../../live/activity.ts';
import { now } from '../../../live/now.ts';
import { figuresOf, incompleteText } from './figures.ts';

export function Figures() {
  const { value } = activity.data;
  const incomplete = value === undefined ? undefined : incompleteText(value, now.value);
  const isOld = isStale() || activity.error.value !== undefined;
  return (
    <section aria-label="The last hour" class={`jobs-overview ${isOld ? 'stale' : ''}`}>
      <ul class="jobs-figures">
        {figuresOf(value).map(({ title, value: shown, detail, course, top, query }) => (
          <li key={title}>
            <a class="jobs-figure" href={pathTo('/') + query}>
              <span class="jobs-figure-title">{title}</span>
              <strong class="jobs-figure-value">{shown}</strong>
              <Sparkline
                values={course}
                {...(top === undefined ? {} : { top })}
                label={`${title}, last hour by minute`}
              />
              <span class="jobs-line jobs-second">{detail}</span>
            </a>
          </li>
        ))}
      </ul>
      {incomplete === undefined ? null : <p class="muted jobs-since">{incomplete}</p>}
    </section>
  );
}

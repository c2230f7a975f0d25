// The API keys of a pool by fingerprint: whether each can be used, how much of its limit is used, and what the provider said.

import type { Pool } from '../../../client/index.ts';
import { StateMark } from '../../components/StateBadge.tsx';
import { Gauge } from '../../components/Gauge.tsx';
import { Countdown } from '../../components/Time.tsx';
import { count } from '../../format.ts';

type PoolKey = Pool['keys'][number];

export function PoolKeys({ keys }: { keys: readonly PoolKey[] }) {
  return (
    <section>
      <h3>Keys</h3>
      {keys.length === 0 ? (
        <p class="muted">none</p>
      ) : (
        <table class="pools-keys">
          <caption class="heard">API keys by fingerprint</caption>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">State</th>
              <th scope="col">Calls in the last minute</th>
              <th scope="col" class="number">
                In flight
              </th>
            </tr>
          </thead>
          {keys.map((key) => (
            <KeyRows key={key.fingerprint} shown={key} />
          ))}
        </table>
      )}
    </section>
  );
}

/** The states of tasks whose colours and shapes stand for states of keys. */
const looks = {
  ready: 'succeeded',
  busy: 'running',
  cooling: 'waiting',
  refused: 'failed',
} as const;

function KeyRows({ shown }: { shown: PoolKey }) {
  const { fingerprint, state, inFlight } = shown;
  const words = wordsOf(shown);
  return (
    <tbody>
      <tr class={words === null ? '' : 'pools-key-facts'}>
        <th scope="row" class="mono" title={fingerprint}>
          {fingerprint.slice(0, 8)}
        </th>
        <td>
          <StateMark like={looks[state]}>{state}</StateMark>
        </td>
        <td data-label="Calls in the last minute">
          <Calls shown={shown} />
        </td>
        <td data-label="In flight" class="number">
          {count(inFlight)}
        </td>
      </tr>
      {words === null ? null : (
        <tr class="pools-key-words">
          <td colSpan={4}>{words}</td>
        </tr>
      )}
    </tbody>
  );
}

/** Why and until when the key cannot be used, for all models or for some. */
function wordsOf({ state, until, cause, message, models }: PoolKey) {
  if (until === null && cause === null && message === '' && models.length === 0) return null;
  return (
    <>
      <p class="muted">
        {cause}
        {message === '' ? null : (
          <>
            {cause === null ? '' : ': '}
            <q dir="auto">{message}</q>
          </>
        )}
        {until === null ? null : (
          <>
            {cause === null && message === '' ? '' : '; '}
            {state === 'refused' ? 'next check' : 'usable again'} <Countdown until={until} past="now" />
          </>
        )}
      </p>
      <BlockedModels models={models} />
    </>
  );
}

function Calls({ shown: { fingerprint, callsLastMinute, requestsPerMinute } }: { shown: PoolKey }) {
  const text = `${count(callsLastMinute)} of ${count(requestsPerMinute)}`;
  return (
    <>
      <span>{text}</span>
      <Gauge
        value={callsLastMinute}
        limit={requestsPerMinute}
        label={`Calls of key ${fingerprint.slice(0, 8)} in the last minute`}
        text={text}
      />
    </>
  );
}

const modelStates = {
  cooling: 'cooling',
  exhausted: 'out of quota',
  noQuota: 'without a quota',
  refused: 'refused',
} as const;

function BlockedModels({ models }: { models: PoolKey['models'] }) {
  if (models.length === 0) return null;
  return (
    <ul class="pools-blocked">
      {models.map(({ model, state, until, cause }) => (
        <li key={model}>
          {modelStates[state]} for <span class="mono">{model}</span>{' '}
          <span class="muted">
            ({cause}); {state === 'noQuota' || state === 'refused' ? 'next check' : 'usable again'}{' '}
            <Countdown until={until} past="now" />
          </span>
        </li>
      ))}
    </ul>
  );
}

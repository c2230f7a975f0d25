// What providers answer, how long they take, when they limit or fail calls, and what calls cost.

import { anyOf, row, type Board } from './board.ts';
import { badFrom, neutral, worseFrom } from './colours.ts';
import { areas, bars, lines, number, states } from './panels.ts';
import {
  aboveZero,
  age,
  greatest,
  inRange,
  level,
  orZero,
  perHour,
  perMinute,
  typicalAndSlow,
  withResult,
} from './queries.ts';

const own = 'model=~"$model"';

const requestsInRange = (matchers: string) => inRange('', 'genwarden_provider_requests_total', matchers);
const shareOfRequests = (code: string) =>
  `(${orZero(requestsInRange(`${own},code=~"${code}"`), 'worker')}) / ${requestsInRange(own)}`;

const now = row('Now', [
  number('Outages', {
    description: 'Models of pools whose provider fails for every task.',
    link: 'GenwardenProviderOutage',
    unit: 'short',
    steps: badFrom(1),
    queries: [['', level('', 'genwarden_provider_outage', own)]],
  }),
  number('Longest outage', {
    description: 'How long the longest of the present outages has lasted. 0 without one.',
    link: 'GenwardenProviderOutage',
    unit: 's',
    steps: worseFrom(1, 300),
    queries: [['', age('', 'genwarden_provider_outage_start_timestamp_seconds', own)]],
  }),
  number('Keys that are ready', {
    description: 'API keys of all pools that may be used now.',
    link: 'GenwardenKeysExhausted',
    unit: 'short',
    steps: [
      [null, 'red'],
      [1, 'green'],
    ],
    queries: [['', level('', 'genwarden_keys', 'state="ready"')]],
  }),
  number('Refused keys', {
    description: 'API keys of all pools that the provider rejects. Replace them.',
    link: 'GenwardenKeysRefused',
    unit: 'short',
    steps: badFrom(1),
    queries: [['', level('', 'genwarden_keys', 'state="refused"')]],
  }),
  number('Rate limited', {
    description: 'Share of the requests of this time range that the provider refused with 429.',
    link: 'bad-days.md#keys-and-rate-limits',
    unit: 'percentunit',
    steps: worseFrom(0.02, 0.1),
    queries: [['', shareOfRequests('429')]],
    nothing: 'No request',
  }),
  number('Errors of the provider', {
    description: 'Share of the requests of this time range that the provider failed with 5xx, or did not answer.',
    link: 'GenwardenProviderOutage',
    unit: 'percentunit',
    steps: worseFrom(0.02, 0.1),
    queries: [['', shareOfRequests('5..|error|Provider.*')]],
    nothing: 'No request',
  }),
]);

const answers = row('Requests', [
  areas('Requests by code', {
    description: 'Requests a minute by the code of the answer. 429 means too fast, 5xx an outage.',
    link: 'gemini.md#errors',
    unit: 'suffix:/min',
    queries: [['{{code}}', perMinute('code', 'genwarden_provider_requests_total', own)]],
  }),
  areas('Requests by model', {
    description: 'Requests a minute. A model that the pool does not list is `other`.',
    link: 'metrics.md#attempts',
    unit: 'suffix:/min',
    queries: [['{{model}}', perMinute('model', 'genwarden_provider_requests_total', own)]],
  }),
  areas('Attempts by outcome', {
    description: 'Attempts a minute by their outcome.',
    link: 'lifecycle.md#attempts',
    unit: 'suffix:/min',
    queries: [['{{outcome}}', perMinute('outcome', 'genwarden_attempts_total', own)]],
  }),
  lines('Latency by model', {
    description: 'Duration of the attempts that succeeded in the last five minutes: nearly all of it is the provider.',
    link: 'operations.md#a-provider-that-hangs',
    unit: 's',
    width: 16,
    queries: typicalAndSlow('model', 'genwarden_attempt_duration_seconds', `${own},${withResult}`),
    nothing: 'No attempt succeeded yet',
  }),
  lines('Tokens', {
    description: 'Tokens a minute as counted by the provider: what you pay for.',
    link: 'gemini.md#usage',
    unit: 'short',
    queries: [['{{direction}}', perMinute('direction', 'genwarden_tokens_total', own)]],
  }),
]);

const limits = row('Limits and outages', [
  areas('Cool-downs of keys by cause', {
    description:
      'How often keys of all pools must rest. Many by `RateLimited`: the configured requests per minute are too high.',
    link: 'bad-days.md#keys-and-rate-limits',
    unit: 'suffix:/min',
    queries: [['{{cause}}', aboveZero(perMinute('cause', 'genwarden_key_cooldowns_total'), 'worker', 'cause')]],
  }),
  areas('Keys by state', {
    description: 'Keys of all pools. A refused key must be replaced.',
    link: 'GenwardenKeysRefused',
    unit: 'short',
    queries: [['{{state}}', level('state', 'genwarden_keys')]],
  }),
  states('Outages by pool and model', {
    description: 'While the provider fails for every task of a model, its tasks wait.',
    link: 'GenwardenProviderOutage',
    unit: 'short',
    words: ['Available', 'Outage'],
    steps: badFrom(1),
    queries: [['{{pool}} {{model}}', greatest('pool, model', 'genwarden_provider_outage', own)]],
  }),
  bars('Outages in this time range', {
    description: 'Outages that began, by model.',
    link: 'bad-days.md#outages',
    unit: 'short',
    steps: worseFrom(1, 5),
    queries: [['{{model}}', `round(${inRange('model', 'genwarden_provider_outages_total', own)})`]],
  }),
  areas('Fallbacks by cause', {
    description: 'Tasks a minute that moved to another pool or model.',
    link: 'lifecycle.md#fallback',
    unit: 'suffix:/min',
    width: 16,
    queries: [['{{cause}}', aboveZero(perMinute('cause', 'genwarden_fallbacks_total'), 'controller', 'cause')]],
  }),
]);

const money = row('Cost', [
  lines('Paid calls and results', {
    description:
      'Calls that providers bill, and those of attempts that succeeded. The difference is paid without a result.',
    link: 'bad-days.md#budgets',
    unit: 'suffix:/min',
    queries: [
      ['paid', orZero(perMinute('', 'genwarden_paid_calls_total', own), 'worker')],
      ['with a result', orZero(perMinute('', 'genwarden_paid_calls_total', `${own},${withResult}`), 'worker')],
    ],
  }),
  lines('Cost an hour by model', {
    description: "What calls cost, in the unit of the pools' prices.",
    link: 'bad-days.md#budgets',
    unit: 'short',
    queries: [['{{model}}', perHour('model', 'genwarden_cost_total', own)]],
    nothing: 'No pool has prices',
  }),
  bars('Paid calls by outcome', {
    description:
      'Paid calls of this time range by the outcome of their attempts. `succeeded` and `needs_review` have a result; the rest is paid without one.',
    link: 'bad-days.md#budgets',
    unit: 'short',
    steps: neutral,
    queries: [['{{outcome}}', `round(${inRange('outcome', 'genwarden_paid_calls_total', own)})`]],
  }),
]);

export const providers: Board = {
  name: 'providers',
  title: 'Providers',
  description: 'What providers answer, how long they take, when they limit or fail calls, and what calls cost.',
  variables: [anyOf('model', 'genwarden_provider_outage{namespace=~"$namespace"}', '.+')],
  rows: [now, answers, limits, money],
};

// The bad day: what the provider does in each phase, what is submitted, and how every job must end.

import type { SubmitRequest } from '../../../../src/client/index.ts';
import {
  garbage,
  googleError,
  noQuota,
  overloaded,
  rateLimited,
  redirectTo,
  suspended,
} from '../../../support/badProvider/answers.ts';
import type { Call, RawAnswer } from '../../../support/badProvider/provider.ts';
import type { FastWorld } from './world.ts';

const minute = 60_000;

export const models = {
  /** Of every job that names none. */
  first: 'gemini-3.1-flash-image',
  second: 'gemini-2.5-flash-image',
  third: 'gemini-3-pro-image',
} as const;

/** In use from the start. */
export const firstKeys = ['AIza-bad-day-key-one', 'AIza-bad-day-key-two', 'AIza-bad-day-key-three'] as const;
/** Replace the first ones while the workers run. */
export const newKeys = ['AIza-bad-day-key-four', 'AIza-bad-day-key-five', 'AIza-bad-day-key-six'] as const;

export interface Load {
  /** In the prompt of its jobs: `<phase>/<load> …`. */
  readonly name: string;
  readonly jobs: number;
  readonly request?: Partial<SubmitRequest>;
  /** `succeeded`, or the code of the failure. */
  readonly ends: string;
  /** The most attempts that count against each of its tasks; default 1. */
  readonly attempts?: number;
  /** The model that made the result; default that of the request. */
  readonly usedModel?: string;
}

export interface Phase {
  readonly name: string;
  /** Fast ms. Jobs are submitted at equal intervals in the first half of the trouble. */
  readonly lastsMs: number;
  /** How long the provider misbehaves, fast ms. */
  readonly troubleMs: number;
  readonly loads: readonly Load[];
  /** While the provider misbehaves; undefined: an ordinary answer. */
  readonly answer?: (call: Call, day: FastWorld) => RawAnswer | undefined;
  /** What tasks of this phase must have said in `waitingFor` while they waited. */
  readonly waitsFor?: string;
  /** The most calls that may be made in the trouble. */
  readonly mostCalls?: number;
  /** Called at the end of the trouble. */
  readonly repair?: (day: FastWorld) => Promise<void>;
}

const slots = 8;
const isFor = (call: Call, load: string): boolean => call.prompt.startsWith(load);

export const phases: readonly Phase[] = [
  {
    name: 'calm',
    lastsMs: 2 * minute,
    troubleMs: minute,
    loads: [{ name: 'calm/plain', jobs: 8, ends: 'succeeded' }],
  },
  {
    name: 'overload (503)',
    lastsMs: 5 * minute,
    troubleMs: 3 * minute,
    answer: () => overloaded,
    loads: [
      // The first failures count: no outage is known yet.
      { name: 'overload/plain', jobs: 14, ends: 'succeeded', attempts: 2 },
      {
        name: 'overload/impatient',
        jobs: 2,
        request: { policy: { onOutage: 'fail' } },
        ends: 'ProviderUnavailable',
        attempts: 2,
      },
      {
        name: 'overload/deadline',
        jobs: 2,
        request: { policy: { deadline: '60s' } },
        ends: 'ProviderUnavailable',
        attempts: 2,
      },
    ],
    waitsFor: 'ProviderOutage',
    mostCalls: (3 * minute) / 2_000 + slots,
  },
  {
    name: 'slow drip',
    lastsMs: 3 * minute,
    troubleMs: 2 * minute,
    answer: ({ earlier, prompt }, day) =>
      earlier === 0 || prompt.startsWith('drip/once') ? { ...dripping, dripEveryMs: day.realMs(5_000) } : undefined,
    loads: [
      { name: 'drip/retried', jobs: 5, request: { policy: { attemptTimeout: '15s' } }, ends: 'succeeded', attempts: 2 },
      {
        name: 'drip/once',
        jobs: 2,
        request: { policy: { attemptTimeout: '15s', maxAttempts: 1 } },
        ends: 'AttemptTimeout',
      },
    ],
  },
  {
    name: 'no quota of one model',
    lastsMs: 3 * minute,
    troubleMs: 2 * minute,
    answer: ({ model }) => (model === models.third ? noQuota(model) : undefined),
    loads: [
      { name: 'quota/none', jobs: 4, request: { model: models.third }, ends: 'QuotaUnavailable' },
      {
        name: 'quota/fallback',
        jobs: 4,
        request: { model: models.third, policy: { fallback: [{ model: models.second }] } },
        ends: 'succeeded',
        usedModel: models.second,
      },
      { name: 'quota/other', jobs: 6, ends: 'succeeded' },
    ],
  },
  {
    name: '429 per minute',
    lastsMs: 3 * minute,
    troubleMs: 2 * minute,
    answer: ({ earlier, model }) => (earlier === 0 ? rateLimited(model, '20s') : undefined),
    loads: [{ name: 'limit/plain', jobs: 8, ends: 'succeeded' }],
  },
  {
    name: 'one dead key',
    lastsMs: 3 * minute,
    troubleMs: 3 * minute,
    answer: ({ key }) => (key === firstKeys[1] ? suspended : undefined),
    loads: [{ name: 'key/plain', jobs: 10, ends: 'succeeded' }],
  },
  {
    name: 'all keys dead, then replaced',
    lastsMs: 4 * minute,
    troubleMs: 2 * minute,
    answer: ({ key }) => (firstKeys.some((one) => one === key) ? suspended : undefined),
    loads: [
      { name: 'keys/plain', jobs: 8, ends: 'succeeded' },
      { name: 'keys/deadline', jobs: 2, request: { policy: { deadline: '45s' } }, ends: 'KeyRefused' },
    ],
    waitsFor: 'KeysRefused',
    mostCalls: slots,
    repair: (day) => day.replaceKeys(newKeys),
  },
  {
    name: 'redirect',
    lastsMs: 2 * minute,
    troubleMs: minute,
    answer: (_, { foreign }) => redirectTo(foreign.url),
    loads: [{ name: 'redirect/plain', jobs: 3, ends: 'ProviderRedirected' }],
  },
  {
    name: 'garbage',
    lastsMs: 3 * minute,
    troubleMs: 2 * minute,
    answer: (call) => (call.earlier === 0 || isFor(call, 'garbage/once') ? garbageFor(call) : undefined),
    loads: [
      { name: 'garbage/html', jobs: 4, ends: 'succeeded', attempts: 2 },
      { name: 'garbage/cut', jobs: 2, ends: 'succeeded', attempts: 2 },
      { name: 'garbage/once', jobs: 2, request: { policy: { maxAttempts: 1 } }, ends: 'ProviderResponseInvalid' },
    ],
  },
  {
    name: 'recovery',
    lastsMs: 2 * minute,
    troubleMs: minute,
    loads: [
      { name: 'recovery/plain', jobs: 6, ends: 'succeeded' },
      { name: 'recovery/second', jobs: 2, request: { model: models.second }, ends: 'succeeded' },
    ],
  },
];

const dripping: RawAnswer = { status: 200, body: googleError(200, 'OK', 'This answer takes its time.') };

const garbageFor = (call: Call): RawAnswer =>
  isFor(call, 'garbage/cut') ? { ...garbage.json, cut: true } : garbage.html;

// The jobs that clients submit: what their tasks ask for, and the policy, drawn from the seed.

import type { SubmitBody } from '../../src/jobs/submit/body.ts';
import { outputMark } from './outputs.ts';
import { models, poolName, sparePoolName } from './installation.ts';
import type { Plan } from './plan.ts';
import type { Random } from './time/random.ts';

type PolicyBody = NonNullable<SubmitBody['policy']>;

export function someJob(at: number, random: Random, plan: Plan): SubmitBody {
  const count = random.whole(1, plan.tasksPerJob);
  const away = plan.kind === 'natsAway';
  const tasks = random.fork('chain').chance(0.4) ? chained(at, count, random.fork('after')) : apart(at, count);
  return {
    kind: 'text',
    pool: poolName,
    priority: random.pick(['high', 'normal', 'low']),
    tasks,
    policy: {
      ...(away ? patientPolicy(random) : { ...somePolicy(random), ...forBadDays(random, plan) }),
      ...someCheck(at, random),
    },
    ...(random.fork(`group ${at}`).chance(0.4) ? { group: 'g' } : {}),
    ...(!away && random.chance(0.15) ? { concurrencyKey: 'one at a time' } : {}),
  };
}

/** A job of another tenant: tasks that wait for nothing but their turn. All have one priority, so that they meet. */
export function jobOfCrowd(at: number, count: number, random: Random, { kind }: Plan): SubmitBody {
  const policy =
    kind === 'natsAway' ? patientPolicy(random) : { attemptTimeout: '10s', queueTimeout: '240s', maxAttempts: 2 };
  return { kind: 'text', pool: poolName, priority: 'normal', tasks: apart(at, count), policy };
}

/** Leaves the other draws of the seed as they are. */
function someCheck(at: number, random: Random): PolicyBody {
  return random.fork(`check ${at}`).chance(0.2) ? { check: { prompt: `check ${at}` } } : {};
}

const apart = (at: number, count: number): NonNullable<SubmitBody['tasks']> =>
  Array.from({ length: count }, (_, task) => ({ input: { prompt: `${at}/${task}` } }));

/** Each task waits for some of the tasks before it, and uses their outputs. */
function chained(at: number, count: number, random: Random): NonNullable<SubmitBody['tasks']> {
  return Array.from({ length: count }, (_, task) => {
    const after = Array.from({ length: task }, (__, earlier) => earlier).filter(() => random.chance(0.5));
    const prompt = [`${at}/${task}`, ...after.map(outputMark)].join(' ');
    return {
      name: `t${task}`,
      input: { prompt },
      ...(after.length === 0 ? {} : { after: after.map((one) => `t${one}`) }),
    };
  });
}

const span =
  (random: Random) =>
  (least: number, most: number): string =>
    `${random.whole(least, most)}ms`;

/** No time limit is reached while NATS is away. */
function patientPolicy(random: Random): PolicyBody {
  return {
    attemptTimeout: span(random)(30_000, 60_000),
    runTimeout: '240s',
    queueTimeout: '600s',
    reviewTimeout: '120s',
    maxAttempts: random.whole(1, 4),
    maxLostAttempts: random.whole(1, 3),
  };
}

function somePolicy(random: Random): PolicyBody {
  const ms = span(random);
  return {
    attemptTimeout: ms(3_000, random.pick([8_000, 20_000, 60_000])),
    runTimeout: ms(20_000, 120_000),
    queueTimeout: ms(20_000, random.pick([120_000, 240_000])),
    reviewTimeout: ms(10_000, 40_000),
    maxAttempts: random.whole(1, 4),
    maxLostAttempts: random.whole(1, 3),
    ...(random.chance(0.25) ? { review: 'always' } : {}),
    ...(random.chance(0.15) ? { deadline: ms(20_000, 120_000) } : {}),
  };
}

/** What the job wants while the provider fails. */
function forBadDays(random: Random, plan: Plan): PolicyBody {
  const sameService = { model: models[1] };
  const chains = [
    [],
    [],
    [sameService],
    ...(plan.spareWorkers === 0 ? [] : [[spare], [sameService, spare], [spare, sameService]]),
  ];
  const fallback = random.pick(chains);
  return {
    ...(random.chance(0.3) ? { onOutage: random.pick(['wait', 'fail'] as const) } : {}),
    ...(fallback.length === 0 ? {} : { fallback }),
    ...(fallback.length > 0 && random.chance(0.3) ? { fallbackOn: random.pick(causes) } : {}),
    ...(random.chance(0.2) ? { backoff: { initial: '200ms', max: '2s' } } : {}),
  };
}

const spare = { pool: sparePoolName };
const causes: NonNullable<PolicyBody['fallbackOn']>[] = [
  ['outage'],
  ['quota'],
  ['timeout', 'refusal'],
  ['outage', 'timeout', 'refusal'],
];

// The parts of the shared situation in which jobs end: successes, failures of each kind, retries, reviews, cancels and webhooks.

import type { SubmitRequest } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { models } from './pools.ts';
import type { Stage } from './stage.ts';

const patience = { timeoutMs: 60_000 };

const image = (prompt: string, over: Partial<SubmitRequest> = {}): SubmitRequest => ({
  kind: 'image',
  input: { prompt },
  ...over,
});

export async function successes({ ledger }: Stage): Promise<void> {
  const yards = Array.from({ length: 8 }, (_, at) =>
    image(`A front yard, plan ${at}`, { tasks: [{ name: 'day' }, { name: 'night' }] }),
  );
  const text: SubmitRequest = { kind: 'text', model: models.writing, input: { prompt: 'Name three shrubs' } };
  const chain: SubmitRequest = {
    kind: 'text',
    model: models.writing,
    input: { prompt: 'Write a storyboard' },
    tasks: [
      { name: 'board' },
      {
        name: 'page',
        kind: 'image',
        model: models.quick,
        after: ['board'],
        input: { prompt: '{{tasks.board.output}}' },
      },
    ],
  };
  await Promise.all([...yards, text, chain].map((request) => ledger.finish(request)));
}

/** Refused before they are stored, by the model, by its safety rules, by time, and for answers that are none. */
export async function failures({ ledger, client }: Stage): Promise<void> {
  await ledger.post({ kind: 'image', input: {} });
  await ledger.post(image('A pond', { pool: 'nowhere' }));
  await ledger.post(image('A pond', { model: 'gemini-of-tomorrow-image' }));
  const twice = image('A pond, once');
  await ledger.post(twice, 'the-same-key');
  await ledger.post(twice, 'the-same-key');
  const once = { maxAttempts: 1 };
  await Promise.all([
    ledger.finish(image('A picture that the model refuses', { model: models.refusing, policy: once })),
    ledger.finish(image('A prompt that is refused [standin: refuse-prompt]')),
    ledger.finish(image('An impossible request [standin: 400]')),
    ledger.finish(image('No answer [standin: nonsense]', { policy: once })),
    ledger.finish(image('No answer in time [standin: hang]', { policy: { ...once, attemptTimeout: '2s' } })),
    ledger.finish(image('Waits too long', { pool: 'partner', policy: { queueTimeout: '2s' } })),
  ]);
  const failed = await ledger.finish(image('Fails at first [standin: nonsense x1]', { policy: once }));
  await client.retry(failed);
  await until(async () => (await client.get(failed)).state === 'succeeded', { what: 'the new run', ...patience });
}

export async function retries({ ledger }: Stage): Promise<void> {
  const policy = { backoff: { initial: '200ms', max: '200ms' } };
  const requests = [1, 2, 3].map((at) => image(`A hedge, variation ${at}`, { model: models.breaking, policy }));
  await Promise.all(requests.map((request) => ledger.finish(request)));
}

/** Approved, rejected, flagged, and two that wait. */
export async function reviews({ ledger, client }: Stage): Promise<void> {
  const always = image('A picket fence', {
    tasks: [{ name: 'white' }, { name: 'green' }, { name: 'red' }],
    policy: { review: 'always' },
  });
  const job = await ledger.finish(always);
  await client.review(job, 0, { run: 1, decision: 'approve' });
  await client.review(job, 1, { run: 1, decision: 'reject', note: 'not this green' });
  const check = { model: models.strict, prompt: 'Flag text over faces.' };
  await ledger.finish(image('A label for honey', { policy: { check } }));
}

export async function cancels({ ledger, client }: Stage): Promise<void> {
  const queued = await ledger.submit(image('Never drawn', { pool: 'partner' }));
  await client.cancel(queued);
  const running = await ledger.submit(image('Never finished [standin: hang]', { policy: { attemptTimeout: '10m' } }));
  await until(async () => (await client.get(running)).state === 'running', {
    what: 'the task that hangs',
    ...patience,
  });
  await client.cancel(running, { running: 'stop' });
}

/** One receiver answers 503 first, and one wants no more. */
export async function webhooks({ ledger, receiver }: Stage): Promise<void> {
  const to = (path: string): Partial<SubmitRequest> => ({
    webhook: { url: `${receiver.url}${path}`, events: ['task.succeeded', 'job.finished'] },
  });
  await Promise.all([
    ledger.finish(image('A lawn', to('/busy'))),
    ledger.finish(image('A meadow', to('/works'))),
    ledger.finish(image('A desert', to('/gone'))),
  ]);
  const isSettled = (): boolean => {
    const answers = receiver.received.map(({ path, status }) => `${path} ${status}`);
    const count = (answer: string): number => answers.filter((one) => one === answer).length;
    return count('/busy 204') === 2 && count('/works 204') === 2 && count('/gone 410') === 2;
  };
  await until(isSettled, { what: 'each event at its receiver', ...patience });
}

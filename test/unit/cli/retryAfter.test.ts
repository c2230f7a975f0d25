// An API that asks for a delay of hours: no command sleeps for them, and each says when to try again.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { FakeApi } from '../../fakes/fakeApi.ts';
import { runCommand } from '../../support/commandLine.ts';

class BusyApi extends FakeApi {
  asked = 0;

  protected override async answer(_request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    const problem = { status: 429, code: 'TooManyRequests', title: 'Busy', detail: 'Too many', hint: 'Wait.' };
    const headers = { 'content-type': 'application/problem+json', 'retry-after': '7200' };
    response.writeHead(429, headers).end(JSON.stringify(problem));
  }
}

test.each([
  'submit --prompt p',
  'submit --prompt p --wait',
  'submit --prompt p --watch',
  'submit --prompt p --download pictures',
  'get 0123456789abcdef',
  'list',
  'watch 0123456789abcdef',
  'cancel 0123456789abcdef',
  'retry 0123456789abcdef',
  'review 0123456789abcdef approve',
  'download 0123456789abcdef --to pictures',
  'explain 0123456789abcdef',
  'link 0123456789abcdef',
  'stuck',
  'pools',
  'pause default',
  'resume default',
  'workers',
  'top',
  'webhooks dead',
])('%s', async (line) => {
  await using api = new BusyApi();
  await api.listen(0);
  const { code, stderr } = await runCommand(line.split(' '), { env: api.env });
  expect(stderr).toMatch(/^genwarden: Too many; try again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m);
  // Of `stuck`, 1 would be read as an answer.
  expect([code, api.asked]).toEqual([line === 'stuck' ? 4 : 1, 1]);
});

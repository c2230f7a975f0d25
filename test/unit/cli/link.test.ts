// `genwarden link`: what it asks for, and what it prints.

import { describe, expect, test } from 'vitest';
import type { JobLinks } from '../../../src/client/index.ts';
import { answerJson, answerProblem, FakeApi } from '../../fakes/fakeApi.ts';
import { runCommand } from '../../support/commandLine.ts';

const long = `link=0123456789ab.1767229800000.${'s'.repeat(43)}.default`;
const links: JobLinks = {
  job: `https://gw.example/v1/jobs/job1?${long}`,
  events: `https://gw.example/v1/jobs/job1/events?${long}`,
  artifacts: [
    {
      task: 0,
      name: 'front-yard',
      artifact: 'image',
      mediaType: 'image/png',
      href: `https://gw.example/v1/jobs/job1/tasks/0/artifacts/image?run=1&${long}`,
    },
    {
      task: 1,
      name: null,
      artifact: 'image',
      mediaType: 'image/png',
      href: `https://gw.example/v1/jobs/job1/tasks/1/artifacts/image?run=1&${long}`,
    },
  ],
  expiresAt: '2026-01-01T01:10:00.000Z',
};

async function api(): Promise<FakeApi & { readonly bodies: string[] }> {
  const fake = await FakeApi.start();
  const bodies: string[] = [];
  fake.route('POST /v1/jobs/job1/links', ({ body }, response) => {
    bodies.push(body.toString());
    answerJson(response, 200, links);
  });
  return Object.assign(fake, { bodies });
}

describe('link', () => {
  test('prints every link whole, also on a narrow terminal', async () => {
    await using fake = await api();
    const { code, stdout } = await runCommand(['link', 'job1'], { env: fake.env, terminal: { columns: 40, rows: 24 } });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'LINK TO            URL',
      `job                ${links.job}`,
      `events             ${links.events}`,
      `front-yard: image  ${links.artifacts[0]!.href}`,
      `task 1: image      ${links.artifacts[1]!.href}`,
      '',
      'They expire in 1 h (2026-01-01T01:10:00.000Z).',
      '',
    ]);
    expect(fake.bodies).toEqual(['{}']);
  });

  test('passes --expires-in on, and prints the answer as JSON', async () => {
    await using fake = await api();
    const { stdout } = await runCommand(['link', 'job1', '--expires-in', '90s', '-o', 'json'], { env: fake.env });
    expect(JSON.parse(stdout)).toEqual(links);
    expect(fake.bodies).toEqual(['{"expiresIn":"90s"}']);
  });

  test('reports a time that is none before it asks, and a refusal of the API', async () => {
    await using fake = await api();
    expect((await runCommand(['link', 'job1', '--expires-in', 'soon'], { env: fake.env })).code).toBe(2);
    expect(fake.bodies).toEqual([]);
    const detail = 'expiresIn: is 6d, but the job expires at 2026-01-02T00:00:00.000Z';
    fake.route('POST /v1/jobs/job1/links', (_, response) =>
      answerProblem(response, 422, 'InvalidRequest', detail, { hint: 'Correct it.' }),
    );
    const { code, stderr } = await runCommand(['link', 'job1', '--expires-in', '6d'], { env: fake.env });
    expect([code, stderr]).toEqual([1, `genwarden: ${detail}\n  InvalidRequest: Correct it.\n`]);
  });
});

// The pages at /docs: open to everyone, strict about what they load, and nothing but the files that they need.

import { expect, test } from 'vitest';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';

test('the page and each file that it names are served without a token', async () => {
  await using world = await apiWorld({ auth: tokenStore([]) });
  const page = await world.get('/docs');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  const html = page.bytes.toString();
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
  expect(files).toHaveLength(5);
  for (const file of files) {
    expect(file).not.toMatch(/^(?:https?:|\/)/);
    expect(await world.get(`/${file}`)).toMatchObject({ status: 200 });
  }
});

test('its scripts and requests are its own, and no page may embed it', async () => {
  await using world = await apiWorld({ publicUrl: 'https://api.example.com/genwarden' });
  const { headers } = await world.get('/docs');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("script-src 'self'; style-src 'self';");
  expect(policy).toContain("connect-src 'self' https://api.example.com;");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

test.each(['index.html', 'package.json', '..%2Fpackage.json', '%2e%2e%2findex.js', 'swagger-ui.js'])(
  'no other file of the package is served: %s',
  async (file) => {
    await using world = await apiWorld();
    const { status, json } = await world.get(`/docs/${file}`);
    expect([status, json.code]).toEqual([404, 'RouteNotFound']);
  },
);

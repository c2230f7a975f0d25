// Addresses of pages name the tenant; those of the API and of other sites stay as they are.
import { expect, test } from 'vitest';
import { withTenant } from '../../../../src/console/frame/tenantAddress.ts';

const page = { origin: 'https://genwarden.example', base: '/base/' };

test.each([
  ['/base/', '/base/?tenant=team-a'],
  ['/base/jobs/01?tab=input', '/base/jobs/01?tab=input&tenant=team-a'],
  ['https://genwarden.example/base/review?tenant=other#x', '/base/review?tenant=team-a#x'],
  ['/base/v1/jobs/01/tasks/0/artifacts/image?run=1', null],
  ['/base/docs', null],
  ['/base/console/icon.svg', null],
  ['/other/', null],
  ['https://other.example/base/', null],
])('%s', (href, expected) => {
  expect(withTenant(href, 'team-a', page)).toBe(expected);
});

test('all tenants', () => {
  expect(withTenant('/base/', '*', page)).toBe('/base/?tenant=*');
});

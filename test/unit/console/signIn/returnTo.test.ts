// After a sign-in the user comes back to the page that was asked for, and never to another site.
import { expect, test } from 'vitest';
import { askedFor, oidcLink, returnPath } from '../../../../src/console/pages/signIn/returnTo.ts';

test.each([
  ['/jobs/01jd?tab=input&picture=2', '/jobs/01jd?tab=input&picture=2'],
  ['/', '/'],
  [null, '/'],
  ['', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example/', '/'],
  ['javascript:alert(1)', '/'],
  ['/a\n/b', '/'],
  ['/v1/jobs', '/'],
  ['/sign-in?returnTo=/sign-in', '/'],
])('%j leads to %s', (returnTo, path) => {
  expect(returnPath(returnTo)).toBe(path);
});

test('the page that was asked for is that of the address, or the one that the sign-in names', () => {
  expect(askedFor({ pathname: '/base/jobs/01', search: '?tab=json' }, '/base/')).toBe('/jobs/01?tab=json');
  expect(askedFor({ pathname: '/base/sign-in', search: '?returnTo=%2Fpools' }, '/base/')).toBe('/pools');
  expect(askedFor({ pathname: '/base/sign-in', search: '?returnTo=%2F%2Fevil.example' }, '/base/')).toBe('/');
  expect(oidcLink('/jobs/01?tab=json')).toBe('/console/session/oidc?returnTo=%2Fjobs%2F01%3Ftab%3Djson');
});

// The dialects that `$schema` may name. All are read alike: where they differ, the form shows which one is meant.

import type { JsonValue } from '../../job/task.ts';

const known = [
  /^https?:\/\/json-schema\.org\/(?:draft-0[467]\/)?schema#?$/,
  /^https?:\/\/json-schema\.org\/draft\/(?:2019-09|2020-12|next)\/schema#?$/,
  /^https:\/\/spec\.openapis\.org\/oas\/3\.1\/(?:dialect\/base|schema-base\/[\d-]+)#?$/,
];

export function dialectProblem(value: JsonValue): string | undefined {
  if (typeof value === 'string' && known.some((form) => form.test(value))) return undefined;
  const shown = JSON.stringify(value).slice(0, 100);
  return `is ${shown}, which is not supported; use draft 4, 6, 7, 2019-09 or 2020-12, or leave it out`;
}

// The submit as programs in TypeScript and Python.

import type { Json, SubmitRequest } from '../../../../client/index.ts';
import { escaped, literal, type Language } from './literal.ts';
import type { Installation } from './installation.ts';

const scriptText = (text: string): string => `'${escaped(text, "'")}'`;

/** `__proto__: …` would set the prototype instead of a field. */
const scriptKey = (key: string): string => {
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : scriptText(key);
};

const script: Language = { text: scriptText, key: scriptKey, true: 'true', false: 'false', null: 'null' };

const pythonText = (text: string): string => `"${escaped(text, '"')}"`;
const python: Language = { text: pythonText, key: pythonText, true: 'True', false: 'False', null: 'None' };

export function typeScriptProgram(request: SubmitRequest, { url, needsToken, tenant }: Installation): string {
  const options = [
    `url: ${scriptText(url)}`,
    ...(needsToken ? ['token: process.env.GENWARDEN_TOKEN'] : []),
    ...(tenant === undefined ? [] : ['fetch: inTenant']),
  ];
  const naming = [
    'const inTenant: typeof fetch = (input, init = {}) => {',
    '  const headers = new Headers(init.headers);',
    `  headers.set('genwarden-namespace', ${scriptText(tenant ?? '')});`,
    '  return fetch(input, { ...init, headers });',
    '};',
    '',
  ];
  return [
    "import { GenwardenClient } from '@genwarden/client';",
    '',
    ...(tenant === undefined ? [] : naming),
    `const client = new GenwardenClient({ ${options.join(', ')} });`,
    `const job = await client.submit(${literal(request as unknown as Json, script)});`,
    'console.log(job.id);',
  ].join('\n');
}

export function pythonProgram(request: SubmitRequest, { url, needsToken, tenant }: Installation): string {
  const options = [
    pythonText(url),
    ...(needsToken ? ['token=os.environ["GENWARDEN_TOKEN"]'] : []),
    ...(tenant === undefined ? [] : [`namespace=${pythonText(tenant)}`]),
  ];
  return [
    ...(needsToken ? ['import os', ''] : []),
    'from genwarden import Client',
    '',
    `with Client(${options.join(', ')}) as client:`,
    `    job = client.submit(${literal(request as unknown as Json, python, 4)})`,
    '    print(job["id"])',
  ].join('\n');
}

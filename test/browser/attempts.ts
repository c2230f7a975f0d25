// What a page can send to an API: scripts that run in the page, and return what the page sees.

/** The jobs and the pool that a page aims at. */
export interface Targets {
  /** The API's address as the page knows it. */
  readonly api: string;
  /** A queued job. */
  readonly open: string;
  /** A cancelled job. */
  readonly ended: string;
}

export interface Attempt {
  readonly request: string;
  /** JavaScript: an expression whose promise resolves with what the page sees. */
  script(targets: Targets): string;
}

/** Status and code of an answer that the script may read, `opaque` for one it may not read, or the error. */
const fetching = (url: string, init: object): string => `
  fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
    async (answer) => answer.type === 'opaque' ? 'opaque answer' :
      answer.status + ' ' + ((await answer.json().catch(() => ({}))).code ?? 'readable'),
    (error) => String(error))`;

/** A form in the page, whose answer goes to a frame. */
const submitting = (url: string, enctype: string, field?: readonly [name: string, value: string]): string => `
  new Promise((resolve) => {
    const frame = Object.assign(document.createElement('iframe'), { name: 'answer' });
    const form = Object.assign(document.createElement('form'), ${JSON.stringify({ action: url, method: 'POST', enctype, target: 'answer' })});
    ${field === undefined ? '' : `form.append(Object.assign(document.createElement('input'), ${JSON.stringify({ name: field[0], value: field[1] })}));`}
    document.body.append(frame, form);
    frame.onload = () => resolve('a frame that it cannot read');
    form.submit();
  })`;

const loading = (element: string, url: string): string => `
  new Promise((resolve) => {
    const element = document.createElement(${JSON.stringify(element)});
    element.onload = () => resolve('loaded');
    element.onerror = () => resolve('error event');
    element.src = ${JSON.stringify(url)};
    document.body.append(element);
  })`;

const connecting = (constructed: string): string => `
  new Promise((resolve) => {
    const source = ${constructed};
    source.onopen = () => resolve('open');
    source.onerror = () => { source.close(); resolve('error event'); };
  })`;

const simple = { method: 'POST', mode: 'no-cors' };
const submit = JSON.stringify({ kind: 'image', input: { prompt: 'forged' } });
// The field's name and value, joined by `=`, are JSON.
const textForm = ['{"kind":"image","input":{"prompt":"a', '"}}'] as const;

/** Each changes something if it is admitted. */
export const changes: readonly Attempt[] = [
  { request: 'fetch POST pause, no body', script: ({ api }) => fetching(`${api}/v1/pools/default/pause`, simple) },
  { request: 'form POST pause', script: ({ api }) => submitting(`${api}/v1/pools/default/pause`, 'text/plain') },
  {
    request: 'fetch POST cancel, no body',
    script: ({ api, open }) => fetching(`${api}/v1/jobs/${open}/cancel`, simple),
  },
  {
    request: 'sendBeacon POST retry',
    script: ({ api, ended }) =>
      `Promise.resolve(navigator.sendBeacon(${JSON.stringify(`${api}/v1/jobs/${ended}/retry`)}) ? 'queued' : 'refused')`,
  },
  { request: 'fetch DELETE', script: ({ api, ended }) => fetching(`${api}/v1/jobs/${ended}`, { method: 'DELETE' }) },
  {
    request: 'form POST submit, text/plain',
    script: ({ api }) => submitting(`${api}/v1/jobs`, 'text/plain', textForm),
  },
  {
    request: 'fetch POST submit, JSON as text/plain',
    script: ({ api }) => fetching(`${api}/v1/jobs`, { ...simple, body: submit }),
  },
  {
    request: 'fetch POST submit, JSON',
    script: ({ api }) =>
      fetching(`${api}/v1/jobs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: submit }),
  },
];

export const reads: readonly Attempt[] = [
  { request: 'fetch GET jobs', script: ({ api }) => fetching(`${api}/v1/jobs`, {}) },
  { request: 'fetch GET jobs, no-cors', script: ({ api }) => fetching(`${api}/v1/jobs`, { mode: 'no-cors' }) },
  { request: 'img of a job', script: ({ api, open }) => loading('img', `${api}/v1/jobs/${open}`) },
  { request: 'script of the pools', script: ({ api }) => loading('script', `${api}/v1/pools`) },
  {
    request: 'link to the pools',
    script: ({ api }) => {
      const url = JSON.stringify(`${api}/v1/pools`);
      return `(setTimeout(() => location.assign(${url})), Promise.resolve('the address, no longer the page'))`;
    },
  },
  { request: 'EventSource', script: ({ api }) => connecting(`new EventSource(${JSON.stringify(`${api}/v1/events`)})`) },
  {
    request: 'WebSocket',
    script: ({ api }) => connecting(`new WebSocket(${JSON.stringify(`${api.replace('http', 'ws')}/v1/events`)})`),
  },
];

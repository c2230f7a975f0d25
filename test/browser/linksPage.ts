// A page that shows the pictures of a job as they arrive, with signed links: what docs/http.md shows, and what a test asks it.

import type { JobLinks } from '../../src/client/index.ts';

/** JavaScript: follows the job, and notes what the page sees in `seen`. */
export const following = ({ job, events }: JobLinks): string => `
  const links = ${JSON.stringify({ job, events })};
  window.seen = { events: [], states: [] };
  const show = ({ state, artifacts }) => {
    for (const { name, href } of state === 'succeeded' ? artifacts : [])
      if (name === 'image') document.body.append(Object.assign(new Image(), { src: href }));
  };
  const source = window.source = new EventSource(links.events);
  source.addEventListener('error', () => seen.states.push(source.readyState));
  for (const name of ['snapshot', 'task', 'job', 'problem', 'reset'])
    source.addEventListener(name, ({ data }) => seen.events.push(name + ' ' + (JSON.parse(data).state ?? JSON.parse(data).code)));
  source.addEventListener('snapshot', ({ data }) => JSON.parse(data).tasks.forEach(show));
  source.addEventListener('task', async ({ data }) => {
    const { task, state } = JSON.parse(data);
    if (state !== 'succeeded') return;
    const job = await (await fetch(links.job)).json();
    show(job.tasks[task]);
  });`;

export interface Seen {
  /** Of an `EventSource`: 0 connecting, 1 open, 2 closed. */
  readonly readyState: number;
  readonly events: readonly string[];
  /** The state of the `EventSource` at each error. */
  readonly states: readonly number[];
  /** The widths of the pictures that have arrived. */
  readonly pictures: readonly number[];
}

export const whatItSees = `({ readyState: source.readyState, ...seen,
  pictures: [...document.images].filter((image) => image.complete && image.naturalWidth > 0).map((image) => image.naturalWidth) })`;

/** JavaScript: resolves with whether the picture could be shown. */
export const showing = (href: string): string => `
  new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve('a picture');
    image.onerror = () => resolve('no picture');
    image.src = ${JSON.stringify(href)};
  })`;

/** Of tracing libraries: W3C and OpenTelemetry, Sentry, Datadog, Zipkin, Google Cloud, Jaeger. */
const tracingHeaders = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=value',
  baggage: 'user=alice',
  'sentry-trace': '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1',
  'x-datadog-trace-id': '1',
  'x-datadog-parent-id': '2',
  'x-datadog-sampling-priority': '1',
  'x-b3-traceid': '0af7651916cd43dd8448eb211c80319c',
  b3: '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1',
  'x-cloud-trace-context': '0af7651916cd43dd8448eb211c80319c/1;o=1',
  'uber-trace-id': '0af7651916cd43dd:b7ad6b7169203331:0:1',
  'x-request-id': 'from-a-page',
};

/** JavaScript: the status and what the script may read of the headers, or the error. */
export const tracedFetch = (url: string): string => `
  fetch(${JSON.stringify(url)}, ${JSON.stringify({ headers: tracingHeaders })}).then(
    (answer) => answer.status + ' ' + answer.headers.get('x-request-id'),
    (error) => error.name)`;

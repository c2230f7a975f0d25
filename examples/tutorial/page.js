// The page of the tutorial: it shows a job while it runs. The job's id is in the page's address, so that a reload finds it.

const form = document.querySelector('form');
const cancel = document.querySelector('#cancel');
const status = document.querySelector('#status');
const pictures = document.querySelector('main');
const template = document.querySelector('template');

const jobInAddress = () => location.hash.slice(1);
let stop = () => {};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  location.hash = (await ask('/jobs', { prompt: form.elements.prompt.value })).id;
});
cancel.addEventListener('click', () => ask(`/jobs/${jobInAddress()}/cancel`));
addEventListener('hashchange', () => {
  pictures.replaceChildren();
  follow();
});
follow();

/** A call to the page's own server. If it fails, the page says why. */
async function ask(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (response.ok) return answer;
    status.textContent = answer.why;
  } catch {
    status.textContent = 'The server of this page does not answer.';
  }
  throw new Error(status.textContent);
}

/** Shows the job of the address and follows it until it ends. Tries again if it cannot. */
async function follow() {
  stop();
  const id = jobInAddress();
  if (id === '') return;
  const again = () => jobInAddress() === id && setTimeout(follow, 2000);
  const links = await ask(`/jobs/${id}/links`).catch(again);
  if (links.events === undefined || jobInAddress() !== id) return;

  const events = new EventSource(links.events);
  stop = () => events.close();
  const read = oneAtATime(async () => {
    const job = await (await fetch(links.job)).json();
    if (jobInAddress() === id) show(job);
  });
  for (const type of ['open', 'task', 'waiting']) events.addEventListener(type, read);
  for (const type of ['snapshot', 'job']) {
    events.addEventListener(type, ({ data }) => {
      if (JSON.parse(data).finishedAt !== null) events.close();
      read();
    });
  }
  events.addEventListener('progress', ({ data }) => {
    const { task, progress } = JSON.parse(data);
    pictures.children[task]?.querySelector('progress').setAttribute('value', progress);
  });
  events.addEventListener('error', () => {
    status.textContent = 'Genwarden does not answer. The job is safe, and this page continues as soon as it can.';
    if (events.readyState === EventSource.CLOSED) again();
  });
}

function show(job) {
  const { succeeded, failed, total } = job.progress;
  const done = `${succeeded} of ${total} pictures are done${failed === 0 ? '' : `, ${failed} failed`}.`;
  const waits = job.waitingFor === null ? '' : ` Waiting: ${job.waitingFor.detail}.`;
  status.textContent = `${job.finishedAt === null ? 'Drawing' : 'Finished'}: ${done}${waits}`;
  cancel.hidden = job.finishedAt !== null;
  for (const task of job.tasks) {
    if (pictures.children[task.index] === undefined) pictures.append(template.content.cloneNode(true));
    showTask(pictures.children[task.index], task);
  }
}

function showTask(figure, task) {
  figure.dataset.state = task.state;
  figure.querySelector('b').textContent = task.name;
  figure.querySelector('span').textContent = inWords(task);
  figure.querySelector('progress').value = ['failed', 'cancelled'].includes(task.state) ? 0 : task.progress;
  const artifact = (name) => task.artifacts.find((one) => one.name === name);
  if (artifact('thumbnail') === undefined) return;
  figure.querySelector('img').src ||= artifact('thumbnail').href;
  figure.querySelector('a').href = artifact('image').href;
}

/** What a task does, what it waits for, or why it failed. */
function inWords({ state, waitingFor, error }) {
  if (waitingFor !== null) return `waits: ${waitingFor.detail}`;
  if (state === 'failed') return `failed: ${error.message} ${error.hint}`;
  return { queued: 'is next', running: 'is being drawn', succeeded: 'is done' }[state] ?? state;
}

/** Repeats the work if it was asked for while it was under way. */
function oneAtATime(work) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await work().catch(() => {});
    }
    running = false;
  };
}

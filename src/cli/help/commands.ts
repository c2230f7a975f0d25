// What the help says about each command besides its options: its group, one line for the list, and examples that work.

const tryIt = 'Try it on this machine:';
const jobs = 'Jobs, for application developers:';
const operation = 'Operation, for people on call:';
const processes = 'Processes of an installation:';
export const administration = 'Administration:';

export interface CommandHelp {
  readonly group: string;
  /** The line in the list of commands. Absent: the command's description. */
  readonly summary?: string;
  /** Without the name of the program. `4k7q` stands for the id of a job, which may be shortened. */
  readonly examples: readonly string[];
}

/** By full name, in the order of the list. */
export const commandHelp: Readonly<Record<string, CommandHelp>> = {
  dev: {
    group: tryIt,
    summary: 'Run a whole installation on this machine until Ctrl-C',
    examples: ['dev', 'dev --http-port 9090 --standin-latency 10s'],
  },
  demo: {
    group: tryIt,
    summary: 'Generate an image, show a hanging call fail on time, and exit',
    examples: ['demo --to pictures'],
  },
  submit: {
    group: jobs,
    examples: [
      'submit --prompt "a front yard with native plants" --watch',
      'submit --task front="native plants" --task back="gravel and sage" --download pictures',
    ],
  },
  watch: { group: jobs, summary: 'Follow jobs until they end or need a review', examples: ['watch 4k7q'] },
  get: { group: jobs, examples: ['get 4k7q', 'get 4k7q -o yaml'] },
  list: { group: jobs, examples: ['list --state open', 'list --state failed --label project=p42'] },
  download: { group: jobs, examples: ['download 4k7q --to pictures', 'download 4k7q --to pictures --watch'] },
  'get-picture': { group: jobs, examples: ['get-picture front-yard -o front-yard.png'] },
  cancel: { group: jobs, examples: ['cancel 4k7q'] },
  retry: { group: jobs, summary: "Retry a job's failed and cancelled tasks", examples: ['retry 4k7q'] },
  review: { group: jobs, examples: ['review 4k7q approve', 'review 4k7q tweak --instruction "Fix the red border"'] },
  link: {
    group: jobs,
    summary: 'Print links that show a job without a token',
    examples: ['link 4k7q --expires-in 1h'],
  },
  stuck: {
    group: operation,
    summary: 'List stuck tasks and why they make no progress',
    examples: ['stuck', 'stuck --older-than 15m --fix'],
  },
  doctor: { group: operation, examples: ['doctor'] },
  explain: {
    group: operation,
    summary: 'Explain why a job is where it is, and what to do',
    examples: ['explain 4k7q'],
  },
  top: {
    group: operation,
    summary: 'Show what is wrong, pools, workers and open jobs, live',
    examples: ['top', 'top --once'],
  },
  workers: { group: operation, summary: 'List workers and the tasks they run', examples: ['workers -o wide'] },
  pools: { group: operation, examples: ['pools'] },
  pause: { group: operation, summary: 'Stop a pool from starting tasks', examples: ['pause default --for 30m'] },
  resume: { group: operation, examples: ['resume default'] },
  webhooks: { group: operation, examples: ['webhooks dead', 'webhooks resend --all'] },
  'webhooks dead': { group: '', examples: ['webhooks dead'] },
  'webhooks resend': { group: '', examples: ['webhooks resend --all'] },
  'webhooks secret': { group: '', examples: ['webhooks secret create --tenant default --file secrets.json'] },
  logs: { group: operation, examples: ['logs 4k7q'] },
  'migrate-storage-version': { group: operation, examples: ['migrate-storage-version'] },
  api: {
    group: processes,
    examples: ['api --nats-url nats://nats:4222', 'api --http-host 0.0.0.0 --auth-tokens-file tokens.json'],
  },
  worker: { group: processes, examples: ['worker --nats-url nats://nats:4222 --pool default --concurrency 8'] },
  controller: {
    group: processes,
    summary: 'Requeue or fail tasks that are lost or overdue',
    examples: ['controller --nats-url nats://nats:4222'],
  },
  operator: {
    group: processes,
    summary: 'Reconcile the Kubernetes custom resources',
    examples: ['operator --nats-url nats://nats:4222 --namespace genwarden'],
  },
  config: {
    group: administration,
    summary: 'Show each setting and where its value comes from',
    examples: ['config', 'config --server'],
  },
  token: { group: administration, examples: ['token create --name ci --file tokens.json'] },
  'token create': { group: '', examples: ['token create --name ci --file tokens.json'] },
  'token list': { group: '', examples: ['token list --file tokens.json'] },
  'token rotate': { group: '', examples: ['token rotate ci --file tokens.json'] },
  'token revoke': { group: '', examples: ['token revoke ci --file tokens.json'] },
  completion: { group: administration, examples: ['completion bash > genwarden.bash'] },
};

/** The settings that the help of a process names; the others follow with `--all`. */
export const mainSettings: Readonly<Record<string, readonly string[]>> = {
  dev: [
    '--http-port',
    '--pools-file',
    '--gemini-api-keys-file',
    '--openai-api-keys-file',
    '--concurrency',
    '--data-dir',
    '--standin-latency',
    '--nats-url',
    '--log-level',
  ],
  api: [
    '--nats-url',
    '--http-host',
    '--http-port',
    '--public-url',
    '--auth-tokens-file',
    '--cors-origins',
    '--artifact-store',
    '--log-level',
  ],
  worker: [
    '--nats-url',
    '--pool',
    '--concurrency',
    '--pools-file',
    '--gemini-api-keys-file',
    '--openai-api-keys-file',
    '--artifact-store',
    '--log-level',
  ],
  controller: [
    '--nats-url',
    '--nats-system-user',
    '--pools-file',
    '--heartbeat-timeout',
    '--artifact-store',
    '--log-level',
  ],
  operator: [
    '--nats-url',
    '--namespace',
    '--watch-namespaces',
    '--default-pool-file',
    '--worker-template-file',
    '--artifact-store',
    '--log-level',
  ],
};

// Specs of WorkerPools.
import { bad, good, type BadCase, type Case } from './cases.ts';

const pool = { models: { image: ['gemini-3.1-flash-image'] } };
const secretKeyRef = { name: 'gemini', key: 'api-key' };
const templateOf = (template: object) => ({ ...pool, template });

export const goodPools: readonly Case[] = [
  good('a model', pool),
  good('every field', {
    provider: 'gemini',
    models: { image: ['gemini-3.1-flash-image'], text: ['gemini-3.1-flash'] },
    baseUrl: 'http://standin.genwarden.svc:9090',
    apiVersion: 'v1beta',
    keys: [
      { secretKeyRef, requestsPerMinute: 60, maxInFlight: 8 },
      { secretKeyRef: { name: 'gemini', key: 'second' } },
    ],
    concurrency: 8,
    paused: true,
    policy: {
      attemptTimeout: '2m',
      maxAttempts: 5,
      review: 'onFlag',
      check: {
        schema: { type: 'object', properties: { flagged: { type: 'boolean' } }, required: ['flagged'] },
        prompt: 'Is it red?',
        model: 'gemini-3.5-flash',
      },
      backoff: { initial: '1s', max: '1h' },
      onOutage: 'wait',
      onBudget: 'fail',
      fallback: [{ pool: 'spare' }, { model: 'gemini-3-pro-image' }],
      fallbackOn: ['outage', 'quota', 'retired', 'timeout', 'refusal'],
    },
    prices: { 'gemini-3.1-flash-image': { input: 0.3, output: 2.5, image: 0.04 } },
    budgets: { day: 20, month: 400, tenantDay: 0.5, tenantMonth: 5 },
    replicas: 0,
    autoscaling: { minReplicas: 0, maxReplicas: 1_000, targetQueueTime: '1d' },
    allowedNamespaces: ['team-a', 'team-b'],
    providerOptions: ['temperature', 'safetySettings'],
  }),
  good('every field that no other has', {
    ...templateOf({ tolerations: [{ key: 'spot', value: 'yes', effect: 'NoSchedule' }] }),
    policy: { runTimeout: '10m', queueTimeout: '1h', reviewTimeout: '1d', maxLostAttempts: 2 },
    limits: { tenant: 4, group: 2, tenants: { 'team-a': 8 } },
    weights: { 'team-a': 3 },
  }),
  good('jobs that may set no options', { ...pool, providerOptions: [] }),
  good(
    'a template with all that pods may have',
    templateOf({
      resources: { requests: { cpu: 1, memory: '512Mi' }, limits: { memory: '1.5Gi', 'example.com/gpu': '1' } },
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
      tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }],
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
      ],
      priorityClassName: 'batch',
      env: [
        { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
      envFrom: [{ secretRef: { name: 'proxy' } }],
      labels: { 'team.example.com/name': 'yard', plain: '' },
      annotations: { 'example.com/note': 'any text, of any length within reason' },
      imagePullSecrets: [{ name: 'registry' }],
    }),
  ),
];

export const badPools: readonly BadCase[] = [
  bad('no models', 'schema', 'spec.models', /Required value/, {}),
  bad('models of no kind', 'rule', 'spec.models', /must name a model/, { models: {} }),
  bad('empty lists of models', 'rule', 'spec.models', /must name a model/, { models: { image: [], text: [] } }),
  bad('a model without a name', 'schema', 'spec.models.image[0]', /at least 1 char/, { models: { image: [''] } }),
  bad('a price of nothing', 'schema', 'spec.prices.m', /should have at least 1 prop/, { ...pool, prices: { m: {} } }),
  bad('a price below zero', 'schema', 'spec.prices.m.image', /greater than or equal to 0/, {
    ...pool,
    prices: { m: { image: -1 } },
  }),
  bad('a budget of nothing', 'schema', 'spec.budgets.day', /should be greater than 0/, {
    ...pool,
    prices: { m: { image: 1 } },
    budgets: { day: 0 },
  }),
  bad('budgets without prices', 'rule', 'spec.budgets', /requires prices/, { ...pool, budgets: { day: 1 } }),
  bad('another provider', 'schema', 'spec.provider', /supported values: "gemini"/, { ...pool, provider: 'nobody' }),
  bad('a base URL of another protocol', 'schema', 'spec.baseUrl', /should match/, {
    ...pool,
    baseUrl: 'ftp://example.com',
  }),
  bad('a key without its Secret', 'schema', 'spec.keys[0].secretKeyRef', /Required value/, {
    ...pool,
    keys: [{ requestsPerMinute: 1 }],
  }),
  bad('a Secret without its key', 'schema', 'spec.keys[0].secretKeyRef.key', /Required value/, {
    ...pool,
    keys: [{ secretKeyRef: { name: 'gemini' } }],
  }),
  bad('a Secret by no name', 'schema', 'spec.keys[0].secretKeyRef.name', /should match/, {
    ...pool,
    keys: [{ secretKeyRef: { ...secretKeyRef, name: 'Gemini_Key' } }],
  }),
  bad('no requests a minute', 'schema', 'spec.keys[0].requestsPerMinute', /greater than or equal to 1/, {
    ...pool,
    keys: [{ secretKeyRef, requestsPerMinute: 0 }],
  }),
  bad('no slots', 'schema', 'spec.concurrency', /greater than or equal to 1/, { ...pool, concurrency: 0 }),
  bad('paused by a word', 'schema', 'spec.paused', /must be of type boolean/, { ...pool, paused: 'yes' }),
  bad('a policy out of bounds', 'rule', 'spec.policy.attemptTimeout', /from 100ms to 1h/, {
    ...pool,
    policy: { attemptTimeout: '2h' },
  }),
  bad('fewer workers than none', 'schema', 'spec.replicas', /greater than or equal to 0/, { ...pool, replicas: -1 }),
  bad('more workers than there may be', 'schema', 'spec.replicas', /less than or equal to 1000/, {
    ...pool,
    replicas: 1_001,
  }),
  bad('autoscaling without an end', 'schema', 'spec.autoscaling.maxReplicas', /Required value/, {
    ...pool,
    autoscaling: { minReplicas: 1 },
  }),
  bad('autoscaling the wrong way round', 'rule', 'spec.autoscaling.minReplicas', /is more than maxReplicas/, {
    ...pool,
    autoscaling: { minReplicas: 3, maxReplicas: 2 },
  }),
  bad('a queue time that is too short', 'rule', 'spec.autoscaling.targetQueueTime', /from 1s to 1d/, {
    ...pool,
    autoscaling: { maxReplicas: 2, targetQueueTime: '999ms' },
  }),
  bad('an option twice', 'schema', 'spec.providerOptions[1]', /Duplicate value/, {
    ...pool,
    providerOptions: ['topP', 'topP'],
  }),
  bad('a namespace twice', 'schema', 'spec.allowedNamespaces[1]', /Duplicate value/, {
    ...pool,
    allowedNamespaces: ['team-a', 'team-a'],
  }),
  bad('nobody allowed', 'schema', 'spec.allowedNamespaces', /at least 1 item/, { ...pool, allowedNamespaces: [] }),
  bad('a namespace by no name', 'schema', 'spec.allowedNamespaces[0]', /should match/, {
    ...pool,
    allowedNamespaces: ['Team A'],
  }),
  bad(
    'a quantity that is none',
    'schema',
    'spec.template.resources.limits.memory',
    /should match/,
    templateOf({ resources: { limits: { memory: 'lots' } } }),
  ),
  bad(
    'an effect that is none',
    'schema',
    'spec.template.tolerations[0].effect',
    /supported values/,
    templateOf({ tolerations: [{ effect: 'Never' }] }),
  ),
  bad(
    'a variable that the operator sets',
    'rule',
    'spec.template.env[0].name',
    /set by the operator/,
    templateOf({ env: [{ name: 'GENWARDEN_POOL', value: 'other' }] }),
  ),
  bad(
    'a variable by no name',
    'schema',
    'spec.template.env[0].name',
    /should match/,
    templateOf({ env: [{ name: '1=2' }] }),
  ),
  bad('a label by no name', 'rule', 'spec.template.labels', /no label key/, templateOf({ labels: { 'a/b/c': 'd' } })),
  bad(
    'a label that is too long',
    'schema',
    'spec.template.labels.app',
    /Too long/,
    templateOf({ labels: { app: 'x'.repeat(64) } }),
  ),
  bad(
    'a node label of no form',
    'schema',
    'spec.template.nodeSelector.zone',
    /should match/,
    templateOf({ nodeSelector: { zone: 'a b' } }),
  ),
  bad(
    'a quantity below nothing',
    'schema',
    'spec.template.resources.requests.cpu',
    /greater than or equal to 0/,
    templateOf({ resources: { requests: { cpu: -1 } } }),
  ),
];

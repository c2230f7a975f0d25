// The pools of an installation: read from the pools file, or one pool made of the flat settings.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { GenwardenError } from '../job/errors.ts';
import { duration } from './forms.ts';
import type { ProviderSettings, Settings } from './settings.ts';

export type PoolKind = 'image' | 'text';

export interface PoolKey {
  /** The provider’s secret. Never logged, never written to NATS. */
  readonly key: string;
  /** Across all workers. */
  readonly requestsPerMinute: number;
  /** Across all workers; no limit where undefined. */
  readonly maxInFlight?: number | undefined;
}

/** A pool’s own defaults of the job policy; times in milliseconds. */
export interface PoolPolicy {
  readonly attemptTimeout?: number | undefined;
  readonly runTimeout?: number | undefined;
  readonly queueTimeout?: number | undefined;
  readonly reviewTimeout?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly maxLostAttempts?: number | undefined;
  readonly review?: 'never' | 'always' | undefined;
}

export interface PoolSettings {
  readonly name: string;
  readonly provider: 'gemini';
  readonly models: readonly string[];
  /** The model of a job that names none; absent for a kind that the pool does not offer. */
  readonly defaultModel: Readonly<Partial<Record<PoolKind, string>>>;
  readonly keys: readonly PoolKey[];
  /** The provider’s address; the SDK’s own where undefined. */
  readonly baseUrl?: string | undefined;
  readonly apiVersion: string;
  /** Slots of each worker of this pool, where it differs from `GENWARDEN_CONCURRENCY`. */
  readonly concurrency?: number | undefined;
  readonly policy: PoolPolicy;
}

/**
 * The pools that the settings name. `files` reads a file as text and throws if it cannot. Throws `InvalidConfiguration`
 * with every problem of the pools file, each with its place in it.
 */
export function loadPools(settings: Settings, files: (path: string) => string = readTextFile): PoolSettings[] {
  const path = settings.poolsFile;
  if (path === undefined) return [poolOfFlatSettings(settings)];
  const parsed = poolsFileSchema(settings.gemini).safeParse(readJson(path, files));
  if (parsed.success) return parsed.data.pools;
  throw invalidFile(path, parsed.error.issues.flatMap(issueLines));
}

/**
 * What a model makes, by its name: providers tell image models from text models in no other way. A pool’s `defaultModel`
 * overrules it for the choice of the default.
 */
export function kindOfModel(model: string): PoolKind {
  return /image|banana|dall-e/.test(model) ? 'image' : 'text';
}

function poolOfFlatSettings(settings: Settings): PoolSettings {
  const { apiKeys, requestsPerMinute, maxInFlight, models, baseUrl, apiVersion } = settings.gemini;
  return {
    name: settings.pool,
    provider: 'gemini',
    models,
    defaultModel: defaultModels(models),
    keys: apiKeys.map((key) => ({ key, requestsPerMinute, maxInFlight })),
    baseUrl,
    apiVersion,
    concurrency: settings.concurrency,
    policy: {},
  };
}

function defaultModels(models: readonly string[]): Partial<Record<PoolKind, string>> {
  const image = models.find((model) => kindOfModel(model) === 'image');
  const text = models.find((model) => kindOfModel(model) === 'text');
  return { ...(image === undefined ? {} : { image }), ...(text === undefined ? {} : { text }) };
}

const time = duration('1ms', '365d').schema.optional();
const attempts = z.int().min(1).max(100).optional();
const modelName = z.string().min(1).max(128);

const policySchema = z.strictObject({
  attemptTimeout: time,
  runTimeout: time,
  queueTimeout: time,
  reviewTimeout: time,
  maxAttempts: attempts,
  maxLostAttempts: attempts,
  review: z.enum(['never', 'always']).optional(),
});

/** The file’s schema; what a pool leaves out is taken from the flat settings of its provider. */
function poolsFileSchema(flat: ProviderSettings) {
  const keyOf = (read: { key: string; requestsPerMinute?: number | undefined; maxInFlight?: number | undefined }) => ({
    key: read.key,
    requestsPerMinute: read.requestsPerMinute ?? flat.requestsPerMinute,
    maxInFlight: read.maxInFlight ?? flat.maxInFlight,
  });
  const key = z
    .strictObject({
      key: z.string().min(1),
      requestsPerMinute: z.int().min(1).max(100_000).optional(),
      maxInFlight: z.int().min(1).max(10_000).optional(),
    })
    .transform(keyOf);
  const pool = z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 lower-case letters, digits and inner -'),
      provider: z.enum(['gemini']).default('gemini'),
      models: z.array(modelName).min(1).default(flat.models),
      defaultModel: z.strictObject({ image: modelName.optional(), text: modelName.optional() }).default({}),
      keys: z.array(key).default(() => flat.apiKeys.map((one) => keyOf({ key: one }))),
      baseUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .prefault(flat.baseUrl),
      apiVersion: z.string().min(1).default(flat.apiVersion),
      concurrency: z.int().min(1).max(1_000).optional(),
      policy: policySchema.default({}),
    })
    .superRefine(checkDefaultModels)
    .transform((read) => ({
      ...read,
      defaultModel: withoutUnset({ ...defaultModels(read.models), ...read.defaultModel }),
    }));
  return z.strictObject({ pools: z.array(pool).min(1).superRefine(checkNames) });
}

function checkDefaultModels(
  pool: { models: readonly string[]; defaultModel: Record<string, string | undefined> },
  context: z.RefinementCtx,
): void {
  for (const [kind, model] of Object.entries(pool.defaultModel)) {
    if (model === undefined || pool.models.includes(model)) continue;
    context.addIssue({ code: 'custom', path: ['defaultModel', kind], message: `${model} is not in the pool’s models` });
  }
}

function checkNames(pools: readonly { name: string }[], context: z.RefinementCtx): void {
  for (const [at, { name }] of pools.entries()) {
    if (pools.findIndex((pool) => pool.name === name) === at) continue;
    context.addIssue({ code: 'custom', path: [at, 'name'], message: `there is another pool named ${name}` });
  }
}

function withoutUnset(models: Partial<Record<PoolKind, string | undefined>>): Partial<Record<PoolKind, string>> {
  const set = Object.entries(models).filter((entry): entry is [PoolKind, string] => entry[1] !== undefined);
  return Object.fromEntries(set);
}

function readJson(path: string, files: (path: string) => string): unknown {
  let text: string;
  try {
    text = files(path);
  } catch (error) {
    throw invalidFile(path, [`cannot read the file (${(error as Error).message})`]);
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold keys.
    throw invalidFile(path, ['is not JSON']);
  }
}

const readTextFile = (path: string): string => readFileSync(path, 'utf8');

/** `pools[0].keys[1].requestsPerMinute: …`; zod’s messages name types and bounds, never the value. */
function issueLines(issue: z.core.$ZodIssue): string[] {
  const at = issue.path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1);
  return [`${at === '' ? 'the file' : at}: ${issue.message}`];
}

function invalidFile(path: string, problems: readonly string[]): GenwardenError {
  const message = [`GENWARDEN_POOLS_FILE=${path}:`, ...problems.map((problem) => `  ${problem}`)].join('\n');
  return new GenwardenError('InvalidConfiguration', message, { details: { problems } });
}

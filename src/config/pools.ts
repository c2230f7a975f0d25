// The pools of an installation: from the pools file, or a single pool from the settings.

import { z } from 'zod';
import { fileFault, parseExactJson } from '../job/json/exact.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { PoolBudgets, Prices } from '../job/money.ts';
import { partCount } from '../job/parts.ts';
import type { JobKind, PolicyRequest } from '../job/policy.ts';
import type { TenantShares } from '../job/shares.ts';
import { providerNames, providers, type ProviderName } from '../job/providers.ts';
import { keyProblem, trimKey } from './apiKeys.ts';
import { budgetsSchema, checkPrices, pricesSchema } from './poolMoney.ts';
import { checkProviderOptions, providerOptionsSchema } from './poolOptions.ts';
import { policySchema } from './poolPolicy.ts';
import { limitsSchema, sharesOf, weightsSchema } from './poolShares.ts';
import type { ProviderSettings, Settings } from './settings.ts';
import { readTextFile } from './textFile.ts';

export interface PoolKey {
  /** The provider's key. Never logged, never written to NATS. */
  readonly secret: string;
  /** Across all workers, like `maxInFlight`. */
  readonly requestsPerMinute: number;
  readonly maxInFlight: number;
}

/** A configured pool: its public `PoolDeclaration`, and keys and limits that only its workers may know. */
export interface PoolSettings {
  readonly name: string;
  readonly provider: ProviderName;
  /** By kind, the default first; empty for a kind that the pool does not offer. */
  readonly models: Readonly<Record<JobKind, readonly string[]>>;
  /** The pool's own defaults of the job policy; times in milliseconds. */
  readonly policy: PolicyRequest;
  readonly keys: readonly PoolKey[];
  /** What calls cost; undefined: nothing is known about costs. */
  readonly prices: Prices | undefined;
  readonly budgets: PoolBudgets | undefined;
  /** The provider's address; undefined: the SDK's default. */
  readonly baseUrl: string | undefined;
  /** For providers with several versions; undefined: the adapter's default. */
  readonly apiVersion: string | undefined;
  /** Slots of each worker of this pool. */
  readonly concurrency: number;
  /** The provider options that jobs may set; undefined: the provider's default. */
  readonly providerOptions: readonly string[] | undefined;
  /** The only tenants that may submit to it; undefined: all. */
  readonly tenants: readonly string[] | undefined;
  /** How tenants share its workers; undefined: equally and without limits. */
  readonly shares: TenantShares | undefined;
  /** The uid of the custom resource that defines the pool. */
  readonly owner: string | undefined;
}

/**
 * The pools that the settings define. `files` reads a file as text and throws if it cannot. Throws `InvalidConfiguration`
 * with every problem of the pools file and its location in the file.
 */
export function loadPools(settings: Settings, files: (path: string) => string = readTextFile): PoolSettings[] {
  const path = settings.poolsFile;
  if (path === undefined) {
    const { pool: name, concurrency } = settings;
    return [poolOf(settings, { name, provider: providerOfSettings(settings), concurrency })];
  }
  const parsed = poolsFileSchema.safeParse(readJson(path, files));
  if (!parsed.success) throw invalidFile(path, parsed.error.issues.map(issueLine));
  const entries = withKeys(path, parsed.data.pools, files);
  return entries.map((pool) => poolOf(settings, { ...pool, concurrency: pool.concurrency ?? settings.concurrency }));
}

/**
 * The public part of a pool. The operator and the workers both declare pools through this function, so that a starting
 * worker does not change the operator's declaration.
 */
export function declarationOf({ name, provider, models, policy, providerOptions, tenants, shares, owner }: Declared) {
  return {
    name,
    provider,
    models: { image: models.image, text: models.text },
    policy,
    ...(providerOptions === undefined ? {} : { providerOptions }),
    ...(tenants === undefined ? {} : { tenants }),
    ...(shares === undefined ? {} : { shares }),
    parts: partCount,
    ...(owner === undefined ? {} : { owner }),
  };
}

type Declared = Pick<
  PoolSettings,
  'name' | 'provider' | 'models' | 'policy' | 'providerOptions' | 'tenants' | 'shares' | 'owner'
>;

/** Derived from the model's name, because providers publish it nowhere else. A pools file can list models by kind instead. */
function kindOfModel(model: string): JobKind {
  return /image|banana|dall-e/.test(model) ? 'image' : 'text';
}

type PoolInFile = z.infer<typeof poolSchema>;
type PoolEntry = Omit<PoolInFile, 'keys'> & {
  keys?: { key: string; requestsPerMinute?: number | undefined; maxInFlight?: number | undefined }[];
};

/** Reads the keys that are stored in separate files. Throws one error that lists every file that cannot be read. */
function withKeys(path: string, pools: readonly PoolInFile[], files: (path: string) => string): PoolEntry[] {
  const problems: string[] = [];
  const read = (file: string, place: string): string => {
    try {
      const key = trimKey(files(file));
      const problem = keyProblem(key);
      if (key === '' || /[\t\n\r ]/.test(key)) problems.push(`${place}: ${file} must contain exactly one key`);
      else if (problem !== undefined) problems.push(`${place}: the key in ${file} ${problem}`);
      return key;
    } catch (error) {
      problems.push(`${place}: cannot read the file (${(error as Error).message})`);
      return '';
    }
  };
  const entries = pools.map(({ keys, ...pool }, at) => {
    if (keys === undefined) return pool;
    return {
      ...pool,
      keys: keys.map(({ key, keyFile, ...limits }, index) => {
        return { key: key ?? read(keyFile!, `pools[${at}].keys[${index}].keyFile`), ...limits };
      }),
    };
  });
  if (problems.length > 0) throw invalidFile(path, problems);
  return entries;
}

/** Without a pools file: the first provider with keys, or the first one. */
const providerOfSettings = (settings: Settings): ProviderName =>
  providerNames.find((name) => settings[name].apiKeys.length > 0) ?? providerNames[0];

/** The settings of the pool's provider supply the fields that the entry omits. */
function poolOf(settings: Settings, entry: Partial<PoolEntry> & { name: string; concurrency: number }): PoolSettings {
  const provider = entry.provider ?? 'gemini';
  const flat: ProviderSettings = settings[provider];
  const keys: NonNullable<PoolEntry['keys']> = entry.keys ?? flat.apiKeys.map((secret) => ({ key: secret }));
  return {
    name: entry.name,
    provider,
    models: entry.models ?? byKind(flat.models),
    policy: entry.policy ?? {},
    keys: keys.map(({ key, ...limits }) => ({
      secret: key,
      requestsPerMinute: limits.requestsPerMinute ?? flat.requestsPerMinute,
      maxInFlight: limits.maxInFlight ?? flat.maxInFlight,
    })),
    prices: entry.prices,
    budgets: entry.budgets,
    baseUrl: entry.baseUrl ?? flat.baseUrl,
    apiVersion: entry.apiVersion ?? flat.apiVersion,
    concurrency: entry.concurrency,
    providerOptions: entry.providerOptions,
    tenants: entry.tenants,
    shares: sharesOf(entry.limits, entry.weights),
    owner: entry.owner,
  };
}

function byKind(models: readonly string[]): Record<JobKind, string[]> {
  const ofKind = (kind: JobKind): string[] => models.filter((model) => kindOfModel(String(model)) === kind);
  return { image: ofKind('image'), text: ofKind('text') };
}

const modelNames = z.array(z.string().min(1).max(128));
const modelsSchema = z.preprocess(
  (value) => (Array.isArray(value) ? byKind(value as string[]) : value),
  z
    .strictObject({ image: modelNames.default([]), text: modelNames.default([]) })
    .refine(({ image, text }) => image.length + text.length > 0, 'must name a model'),
);

const poolSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 lower-case letters, digits and inner -'),
    provider: z.enum(providerNames).optional(),
    models: modelsSchema.optional(),
    policy: policySchema.optional(),
    prices: pricesSchema.optional(),
    budgets: budgetsSchema.optional(),
    keys: z
      .array(
        z
          .strictObject({
            key: z.string().min(1).superRefine(checkKey).optional(),
            keyFile: z.string().min(1).optional(),
            requestsPerMinute: z.int().min(1).max(100_000).optional(),
            maxInFlight: z.int().min(1).max(10_000).optional(),
          })
          .refine(
            ({ key, keyFile }) => (key === undefined) !== (keyFile === undefined),
            'requires either key or keyFile',
          ),
      )
      .optional(),
    baseUrl: z.url({ protocol: /^https?$/ }).optional(),
    apiVersion: z.string().min(1).optional(),
    concurrency: z.int().min(1).max(1_000).optional(),
    providerOptions: providerOptionsSchema.optional(),
    tenants: z.array(z.string().min(1)).min(1).optional(),
    limits: limitsSchema.optional(),
    weights: weightsSchema.optional(),
    owner: z.string().min(1).optional(),
  })
  .superRefine(checkPrices)
  .superRefine(checkProviderOptions)
  .refine(({ provider = 'gemini', apiVersion }) => apiVersion === undefined || takesVersion(provider), {
    path: ['apiVersion'],
    message: 'is not for this provider: the version is part of baseUrl, such as https://api.openai.com/v1',
  });

const takesVersion = (provider: ProviderName): boolean => providers[provider].apiVersion !== undefined;

const poolsFileSchema = z.strictObject({ pools: z.array(poolSchema).min(1).superRefine(checkNames) });

function checkNames(pools: readonly { name: string }[], context: z.RefinementCtx): void {
  for (const [at, { name }] of pools.entries()) {
    if (pools.findIndex((pool) => pool.name === name) === at) continue;
    context.addIssue({ code: 'custom', path: [at, 'name'], message: `another pool is named ${name}` });
  }
}

function checkKey(key: string, context: z.RefinementCtx): void {
  const message = keyProblem(key);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}

function readJson(path: string, files: (path: string) => string): unknown {
  let text: string;
  try {
    text = files(path);
  } catch (error) {
    throw invalidFile(path, [`cannot read the file (${(error as Error).message})`]);
  }
  try {
    return parseExactJson(text);
  } catch (error) {
    // Without a part of the text, which may contain keys.
    throw invalidFile(path, [fileFault(error)]);
  }
}

/** `pools[0].keys[1].requestsPerMinute: …`; zod's messages contain types and bounds, never the value. */
function issueLine(issue: z.core.$ZodIssue): string {
  const at = issue.path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1);
  return `${at === '' ? 'the file' : at}: ${issue.message}`;
}

function invalidFile(path: string, problems: readonly string[]): GenwardenError {
  const message = [`GENWARDEN_POOLS_FILE=${path}:`, ...problems.map((problem) => `  ${problem}`)].join('\n');
  return new GenwardenError('InvalidConfiguration', message, { details: { problems } });
}

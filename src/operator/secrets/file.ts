// The file that describes the Secrets of the installation that no value of the chart names. It contains no secrets.

import { z } from 'zod';
import { readTextFile } from '../../config/textFile.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { parseExactJson } from '../../job/json/exact.ts';
import { objectName } from '../resources/podTemplate.ts';

const common = { name: objectName, labels: z.record(z.string(), z.string()).default({}) };

const secret = z.discriminatedUnion('generate', [
  /** A random password in each entry. */
  z.strictObject({ ...common, generate: z.literal('passwords'), entries: z.array(z.string().min(1)).min(1) }),
  /** The entries `token` and `tokens.json`: a token of the scope admin, and its hash for the API. */
  z.strictObject({ ...common, generate: z.literal('adminToken') }),
]);

const secretsFile = z.strictObject({
  /** A ConfigMap in the same namespace that owns the Secrets, so that Kubernetes deletes them with the installation. */
  ownerConfigMap: objectName,
  secrets: z.array(secret),
});

export type DescribedSecret = z.output<typeof secret>;
export type SecretsFile = z.output<typeof secretsFile>;

/** Throws `InvalidConfiguration` with every problem and its path. */
export function readSecretsFile(path: string): SecretsFile {
  const parsed = secretsFile.safeParse(parseExactJson(readTextFile(path)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw new GenwardenError('InvalidConfiguration', `${path}: ${problems.join('; ')}`, { details: { problems } });
}

// The settings of the S3 artifact store.

import { z } from 'zod';
import { defaultPathTemplate, pathTemplateProblem } from '../job/pathTemplate.ts';
import { matching, oneOf, text, url } from './forms.ts';
import { optional, withDefault, type Command, type TextForm } from './setting.ts';

const usedBy: readonly Command[] = ['api', 'worker', 'controller', 'operator', 'dev'];

const bucket = matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket', 'bucket');
const region = matching(/^[A-Za-z0-9-]{1,64}$/, 'the name of a region', 'region');

const pathTemplate: TextForm<string> = {
  schema: z.string().superRefine((template, issues) => {
    const problem = pathTemplateProblem(template);
    if (problem !== undefined) issues.addIssue({ code: 'custom', message: problem });
  }),
  allowed: 'letters, digits, . _ - / and {tenant}, {labels.<key>}, {job}, {task}, {name}, {ext}',
  placeholder: 'template',
};

export const s3Settings = z.object({
  endpoint: optional(url('http:', 'https:'), {
    name: 'S3_ENDPOINT',
    description: 'Address of the S3 server (unset: Amazon S3 in the region)',
    usedBy,
  }),
  bucket: optional(bucket, { name: 'S3_BUCKET', description: 'Bucket of the S3 artifact store', usedBy }),
  region: withDefault(region, 'us-east-1', {
    name: 'S3_REGION',
    description: 'Region of the bucket',
    usedBy,
    aliases: ['AWS_REGION'],
  }),
  accessKeyId: optional(text('secret', 'a secret'), {
    name: 'S3_ACCESS_KEY_ID',
    description:
      "Access key of the S3 store; a file is read again when it changes (unset: the AWS SDK's chain of credentials, such as workload identity)",
    usedBy,
    secret: true,
  }),
  secretAccessKey: optional(text('secret', 'a secret'), {
    name: 'S3_SECRET_ACCESS_KEY',
    description: 'Secret of the access key',
    usedBy,
    secret: true,
  }),
  pathTemplate: withDefault(pathTemplate, defaultPathTemplate, {
    name: 'S3_PATH_TEMPLATE',
    description:
      'Path of each artifact in the bucket; {job}, {task} and {name} must be in it, and a missing label is `none`',
    usedBy,
  }),
  forcePathStyle: optional(oneOf('true', 'false'), {
    name: 'S3_FORCE_PATH_STYLE',
    description: 'Whether the bucket is part of the path instead of the host name (unset: true with an endpoint)',
    usedBy,
  }),
});

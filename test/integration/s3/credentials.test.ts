// Where the store gets its credentials: files that are rotated, and a workload identity whose token is exchanged at STS.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { s3ArtifactStore } from '../../../src/adapters/s3/index.ts';
import { defaultPathTemplate } from '../../../src/job/pathTemplate.ts';
import { systemClock } from '../../fakes/clock.ts';
import { startS3Server, type S3Server } from '../../support/s3Server.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

function open(credentials?: Parameters<typeof s3ArtifactStore>[0]['credentials']) {
  const hidden: string[] = [];
  const { url: endpoint, bucket } = server;
  const store = s3ArtifactStore(
    { endpoint, bucket, region: 'us-east-1', credentials, pathTemplate: defaultPathTemplate, forcePathStyle: true },
    {
      prefix: `t${randomBytes(4).toString('hex')}`,
      retentionMs: 3_600_000,
      clock: systemClock(),
      storage: { refused: () => undefined, hasRoom: () => undefined },
      hideSecrets: (secrets) => void hidden.push(...secrets),
    },
  );
  onTestFinished(() => store.close());
  return { hidden, put: () => store.put('acme', randomBytes(10), 'image/png') };
}

test('credential files are read again when they are rotated, and no secret reaches the log', async () => {
  await using folder = await tempFolder('keys');
  const [accessKeyIdFile, secretAccessKeyFile] = [`${folder.path}/id`, `${folder.path}/secret`];
  writeFileSync(accessKeyIdFile, server.accessKeyId);
  writeFileSync(secretAccessKeyFile, 'outdated');
  const { hidden, put } = open({
    accessKeyId: server.accessKeyId,
    secretAccessKey: 'outdated',
    accessKeyIdFile,
    secretAccessKeyFile,
  });
  await expect(put()).rejects.toMatchObject({ code: 'ArtifactStoreUnavailable' });
  await expect(put()).rejects.toThrow(
    /Cannot look up an artifact\. The S3 artifact store refuses the credentials \(bucket artifacts at http:.*SignatureDoesNotMatch/,
  );
  writeFileSync(secretAccessKeyFile, `${server.secretAccessKey}\n`);
  await until(() => put().catch(() => undefined), { what: 'the new secret to be used' });
  // A file that is being replaced keeps the present value.
  writeFileSync(secretAccessKeyFile, '');
  await put();
  expect(hidden).toEqual(['outdated', server.secretAccessKey]);
});

test('a workload identity is exchanged at STS for the credentials of its role', async () => {
  await using folder = await tempFolder('identity');
  const token = `${folder.path}/token`;
  writeFileSync(token, 'token-of-the-service-account');
  const asked: URLSearchParams[] = [];
  const sts = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += String(part)));
    request.on('end', () => {
      asked.push(new URLSearchParams(body));
      response.setHeader('content-type', 'text/xml');
      response.end(answerOfSts(server));
    });
  });
  await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sts.closeAllConnections();
    sts.close();
    vi.unstubAllEnvs();
  });
  for (const [name, value] of Object.entries({
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/genwarden',
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_SESSION_NAME: 'worker',
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: 'us-east-1',
  })) {
    vi.stubEnv(name, value);
  }
  const { put } = open();
  await put();
  await put();
  expect(asked.map((body) => Object.fromEntries(body))).toEqual([
    expect.objectContaining({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: 'arn:aws:iam::123456789012:role/genwarden',
      RoleSessionName: 'worker',
      WebIdentityToken: 'token-of-the-service-account',
    }),
  ]);
});

/** Without a session token, which versitygw does not know. */
const answerOfSts = ({ accessKeyId, secretAccessKey }: S3Server): string => `
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>${accessKeyId}</AccessKeyId>
      <SecretAccessKey>${secretAccessKey}</SecretAccessKey>
      <Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;

test('without any credentials the store says what is missing', async () => {
  for (const name of ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ACCESS_KEY_ID', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('HOME', '/nonexistent');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(open().put()).rejects.toMatchObject({ code: 'ArtifactStoreUnavailable' });
  await expect(open().put()).rejects.toThrow(/refuses the credentials .*CredentialsProviderError.*workload identity/);
});

test.each([-3, 3])('a clock that is %i hours wrong is corrected by that of the store', async (hours) => {
  const { accessKeyId, secretAccessKey } = server;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  await open({ accessKeyId, secretAccessKey }).put();
});

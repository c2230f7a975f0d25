// The story illustrator with its uploader: the secret that both know, the settings of the API, and what the uploader has stored.

import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { examples, examplesOf, type Examples } from './example.ts';
import type { Relay } from './relay.ts';

export const illustrate = 'story-illustrator/illustrate.py';
export const storyFile = `${examples}story-illustrator/story.txt`;

export interface Story {
  readonly folder: string;
  /** For the processes of the installation. */
  readonly settings: Record<string, string>;
  /** The example, for the installation at `url`. */
  at(url: string): Promise<Examples>;
  /** Starts an uploader that stores in the folder, and sends the relay's deliveries to it. */
  startUploader(example: Examples, relay: Relay): Promise<{ readonly server: TestProcess; readonly hook: string }>;
  /** The files in the store, sorted. */
  stored(): Promise<string[]>;
}

export async function storyWorld(): Promise<Story> {
  const { path: folder, remove } = await tempFolder('story');
  onTestFinished(remove);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const secrets = [{ tenant: 'default', secret, createdAt: '2026-01-01T00:00:00Z' }];
  const file = join(folder, 'secrets.json');
  const store = join(folder, 'store');
  await writeFile(file, JSON.stringify({ secrets }));
  return {
    folder,
    settings: {
      GENWARDEN_WEBHOOK_SECRETS_FILE: file,
      GENWARDEN_WEBHOOK_ALLOW: '127.0.0.1',
      GENWARDEN_CONCURRENCY: '20',
    },
    at: (url) => examplesOf({ url }, { WEBHOOK_SECRET: secret, STORE: store }),
    startUploader: async (example, relay) => {
      const { server, url } = await example.serve('story-illustrator/uploader.py');
      relay.to(`${url}/hook`);
      return { server, hook: `${url}/hook` };
    },
    stored: async () => (await readdir(store)).toSorted(),
  };
}

/** The names of the pictures in the store, as the uploader prints them when it stores one. */
export const storedBy = ({ lines }: TestProcess): string[] =>
  lines.flatMap((line) => /^(\S+\.png) stored: \d+ bytes$/.exec(line)?.[1] ?? []);

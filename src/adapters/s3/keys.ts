// The keys of the objects of a store. Results are at the paths of the template; what no task owns, and the entries by which a digest
// finds its results, are in a folder that Genwarden keeps for itself.

import { createHash } from 'node:crypto';
import type { Store } from './settings.ts';

type Rooted = Pick<Store, 'root'>;

const hexOf = (digest: string): string => digest.slice('sha256:'.length);
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Different tenants have different folders, whatever characters their names have. */
const folderOf = (tenant: string): string => (/^[A-Za-z0-9-]{1,100}$/.test(tenant) ? tenant : `_${hashOf(tenant)}`);

/** Uploads, inline images, and results that a later job refers to. */
export const referenceKey = ({ root }: Rooted, tenant: string, digest: string): string =>
  `${root}/references/${folderOf(tenant)}/${hexOf(digest)}`;

/** The folder of the entries of one digest: one for each path where its bytes are. */
export const entriesOf = ({ root }: Rooted, tenant: string, digest: string): string =>
  `${root}/entries/${folderOf(tenant)}/${hexOf(digest)}/`;

export const entryKey = (store: Rooted, tenant: string, digest: string, path: string): string =>
  `${entriesOf(store, tenant, digest)}${hashOf(path)}`;

/** A multipart upload that is under way. */
export const uploadKey = ({ root }: Rooted, path: string): string => `${root}/uploads/${hashOf(path)}`;

export const probeKey = ({ root }: Rooted): string => `${root}/probe`;

/** How far the sweep has come. */
export const sweepKey = ({ root }: Rooted): string => `${root}/sweep`;

/** What differs between two objects of one path. */
export const suffixOf = (digest: string): string => hexOf(digest).slice(0, 12);

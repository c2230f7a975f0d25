// The version of the package, in a checkout and in an installed package.

import { readFileSync } from 'node:fs';
import { packageFolder } from './packageFolder.ts';

const manifest = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as { version: string };

export const version = manifest.version;

// What the programs of the generated clients do with an installation, and what each step must give.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The reference image that the programs upload. */
export const photo = fileURLToPath(new URL('../../../examples/front-yard.jpg', import.meta.url));

/** Of a program that is as old as the API. */
export const whole = {
  upload: statSync(photo).size,
  submit: [202, 0],
  wait: 'succeeded',
  list: [true],
  download: ['image/png', true],
  explain: 'Succeeded',
  missing: '404 JobNotFound',
};

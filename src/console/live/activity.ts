// The figures of the last hour, which the frame and the list of jobs share.

import { api } from '../api/client.ts';
import { poll } from './poll.ts';

export const activity = poll((signal) => api.activity({ signal }), 5_000);

// What each part of the shared situation acts on.

import type { GenwardenClient } from '../../../src/client/index.ts';
import type { Prometheus } from '../../support/prometheus.ts';
import type { Site } from '../../support/site/site.ts';
import type { TestReceiver } from '../../support/webhookReceiver.ts';
import type { Ledger } from './ledger.ts';

export interface Stage {
  readonly site: Site;
  readonly client: GenwardenClient;
  readonly ledger: Ledger;
  readonly receiver: TestReceiver;
  readonly prometheus: Prometheus;
}

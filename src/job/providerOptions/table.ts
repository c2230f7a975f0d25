// What is known about the provider options of one provider.

import type { JobKind } from '../policy.ts';
import type { Form } from './form.ts';

export interface ProviderOption {
  readonly form: Form;
  /** Only for jobs of this kind; absent: of each kind. */
  readonly kind?: JobKind;
  /** Jobs may set it only in pools that name it; absent: in every pool that names no options. */
  readonly optIn?: true;
}

export interface ProviderOptionTable {
  readonly options: Readonly<Record<string, ProviderOption>>;
  /** Options that would break a rule of Genwarden, with the end of a sentence that starts with "it cannot be set:". */
  readonly never: Readonly<Record<string, string>>;
}

// A field of the form: its label, what it is for, and what is wrong with it.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useFieldErrors } from './fieldContext.ts';
import type { FieldPath } from './fieldErrors.ts';

/** What the control gets. */
export interface ControlProps {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
}

interface FieldProps {
  label: string;
  path: FieldPath;
  hint?: ComponentChildren;
  children: (control: ControlProps) => ComponentChildren;
}

export function Field({ label, path, hint, children }: FieldProps) {
  const id = useId();
  const errors = useFieldErrors(path);
  const described = [hint === undefined ? '' : `${id}-hint`, errors.length === 0 ? '' : `${id}-error`].filter(Boolean);
  const control: ControlProps = {
    id,
    'aria-describedby': described.length === 0 ? undefined : described.join(' '),
    'aria-invalid': errors.length === 0 ? undefined : true,
  };
  return (
    <div class="create-field">
      <label for={id}>{label}</label>
      {children(control)}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="muted create-hint">
          {hint}
        </p>
      )}
      <Errors id={`${id}-error`} errors={errors} />
    </div>
  );
}

export function Errors({ id, errors }: { id: string; errors: readonly string[] }) {
  if (errors.length === 0) return null;
  return (
    <ul id={id} class="create-errors">
      {errors.slice(0, 5).map((error) => (
        <li key={error}>✕ {error}</li>
      ))}
      {errors.length > 5 ? <li>and {errors.length - 5} more</li> : null}
    </ul>
  );
}

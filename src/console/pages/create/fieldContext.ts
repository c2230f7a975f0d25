// The problems of the last submit, for the fields of the form.

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { messagesOf, type FieldPath } from './fieldErrors.ts';
import type { FormProblem } from './requestOf.ts';

export const FieldErrors = createContext<readonly FormProblem[]>([]);

export const useFieldErrors = (field: FieldPath): string[] => messagesOf(useContext(FieldErrors), field);

// The table of the requests that pages tried in the browser.

import { resultTable } from '../support/resultTable.ts';

export interface BrowserRow {
  /** Where the page comes from. */
  readonly page: string;
  readonly request: string;
  /** What the page's script or its user sees. */
  readonly seen: string;
  /** Status and code; the browser sent nothing if there was no answer. */
  readonly answer: string;
  readonly changed: 'yes' | 'no';
}

const { addRow, keepTable } = resultTable<BrowserRow>({
  page: 'page',
  request: 'request',
  seen: 'what the page sees',
  answer: "the API's answer",
  changed: 'state changed',
});

export const addBrowserRow = addRow;

/** Global set-up of the run. */
export default keepTable;

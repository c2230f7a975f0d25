// The list of keys.

import { Dialog } from '../components/Dialog.tsx';

const keys: readonly (readonly [key: string, action: string])[] = [
  ['/', 'Search'],
  ['j', 'Next row'],
  ['k', 'Previous row'],
  ['Enter', 'Open the row'],
  ['x', 'Select the row'],
  ['c', 'Cancel the job, or the selected ones'],
  ['R', 'Retry what failed of the job, or of the selected ones'],
  ['a', 'Approve (in a review)'],
  ['r', 'Reject (in a review)'],
  ['t', 'Tweak (in a review)'],
  ['← →', 'Previous and next picture, or span of a timeline'],
  ['?', 'This list'],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, action]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{action}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

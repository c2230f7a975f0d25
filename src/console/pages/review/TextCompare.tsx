// A text beside the earlier one, with what has changed between them.

import { useEffect, useState } from 'preact/hooks';
import { byteCount } from '../../format.ts';
import { difference } from './diff.ts';

/** Longer texts are shown on demand, UTF-16 code units. */
const shownAtOnce = 64 * 1024;

interface TextCompareProps {
  before: string | undefined;
  after: string;
  onShown: () => void;
}

export function TextCompare({ before, after, onShown }: TextCompareProps) {
  useEffect(onShown, [after]);
  const pieces = before === undefined ? null : difference(before, after);
  if (before === undefined) return <LongText text={after} label="The result" />;
  if (pieces === null) {
    return (
      <div class="review-side">
        <LongText text={before} label="Before" />
        <LongText text={after} label="After" />
      </div>
    );
  }
  return (
    <div class="review-text" dir="auto" tabIndex={0} role="region" aria-label="The result, with its changes">
      {pieces.map(({ kind, text }, at) => {
        if (kind === 'added') return <ins key={at}>{text}</ins>;
        return kind === 'removed' ? <del key={at}>{text}</del> : <span key={at}>{text}</span>;
      })}
    </div>
  );
}

function LongText({ text, label }: { text: string; label: string }) {
  const [whole, setWhole] = useState(false);
  const isCut = text.length > shownAtOnce && !whole;
  return (
    <div class="review-long">
      <div class="review-text" dir="auto" tabIndex={0} role="region" aria-label={label}>
        {isCut ? `${text.slice(0, shownAtOnce)}…` : text}
      </div>
      {isCut ? (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {byteCount(new TextEncoder().encode(text).length)}
        </button>
      ) : null}
    </div>
  );
}

// A text in a block; one of more than 64 KiB only when asked for.

import { useState } from 'preact/hooks';
import { Code } from '../../components/Copy.tsx';
import { byteCount } from '../../format.ts';

const largest = 64 * 1024;

interface LargeTextProps {
  /** Undefined until it has been read. */
  text: string | undefined;
  label: string;
  /** Of a text that has not been read. */
  bytes?: number;
  read?: () => Promise<void>;
}

export function LargeText({ text, label, bytes = text?.length ?? 0, read }: LargeTextProps) {
  const [isWanted, want] = useState(false);
  const isShown = text !== undefined && (isWanted || text.length <= largest);
  if (isShown) return <Code text={text} label={label} />;
  function show(): void {
    want(true);
    if (text === undefined) void read?.();
  }
  return (
    <div class="row">
      <span class="muted">{byteCount(bytes)} of text</span>
      <button type="button" disabled={isWanted} onClick={show}>
        {isWanted ? 'Reading…' : 'Show all of it'}
      </button>
    </div>
  );
}

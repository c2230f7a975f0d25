// A button that copies a text, and a block of code with one.

import { useEffect, useState } from 'preact/hooks';

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  }
  // Browsers have a clipboard only on pages that come by https or from this machine. The text can be selected all the same.
  if (navigator.clipboard === undefined) return null;
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-live="polite">
      {copied ? 'Copied' : label}
    </button>
  );
}

/** The block can be scrolled with the keyboard. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code">
      <pre tabIndex={0} aria-label={label} dir="auto">
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}

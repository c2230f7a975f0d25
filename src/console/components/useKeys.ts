// Keys of a page. They do nothing while the user types, or holds a modifier other than Shift.

import { useEffect, useRef } from 'preact/hooks';

/** By `KeyboardEvent.key`, such as `j`, `R` or `Enter`. */
export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event) || document.querySelector('dialog[open]') !== null) return;
      const act = current.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

/** Enter and Space belong to what has the focus. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isBox = target instanceof HTMLInputElement && target.type === 'checkbox';
  if (target.isContentEditable || (!isBox && /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return true;
  return (key === 'Enter' || key === ' ') && (isBox || /^(?:A|BUTTON|SUMMARY)$/.test(target.tagName));
}

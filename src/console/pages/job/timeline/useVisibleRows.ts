// Which rows of a long list in a box with a scroll bar are visible, for rows of one height: only they are rendered.

import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Rows rendered above and below what is visible. */
const extra = 10;

/** `first` is rendered, `end` no longer. */
export function useVisibleRows(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): { first: number; end: number } {
  const [visible, setVisible] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = box.current!;
    const look = (): void => {
      const next = { top: Math.floor(element.scrollTop / rowHeight), height: element.clientHeight };
      setVisible((last) => (last.top === next.top && last.height === next.height ? last : next));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [rowHeight]);
  const first = Math.max(0, Math.min(visible.top, count) - extra);
  return { first, end: Math.min(count, visible.top + Math.ceil(visible.height / rowHeight) + extra) };
}

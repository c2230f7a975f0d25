// The arrow keys of the timeline: left and right along a row, up and down to the nearest span of another row.

export function moveFocus(event: KeyboardEvent): void {
  const { target, key } = event;
  if (!(target instanceof HTMLElement) || !target.matches('.span')) return;
  const next = nextSpan(target, key);
  if (next === undefined || next === null) return;
  event.preventDefault();
  (next as HTMLElement).focus();
}

function nextSpan(from: HTMLElement, key: string): Element | null | undefined {
  const spans = [...from.parentElement!.querySelectorAll('.span')];
  const row = from.closest('li')!;
  switch (key) {
    case 'ArrowRight':
      return spans[spans.indexOf(from) + 1];
    case 'ArrowLeft':
      return spans[spans.indexOf(from) - 1];
    case 'ArrowDown':
      return nearest(row.nextElementSibling, from);
    case 'ArrowUp':
      return nearest(row.previousElementSibling, from);
    default:
      return undefined;
  }
}

function nearest(row: Element | null, from: HTMLElement): Element | undefined {
  const { left } = from.getBoundingClientRect();
  const distance = (span: Element): number => Math.abs(span.getBoundingClientRect().left - left);
  return [...(row?.querySelectorAll('.span') ?? [])].toSorted((a, b) => distance(a) - distance(b))[0];
}

// What must hold on every page of the console: axe finds nothing, nothing scrolls sideways, and the keyboard reaches every control.

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A line for each element that axe complains about: the rule, the element and what is wrong. */
export async function axeViolations(page: Page): Promise<string[]> {
  // In legacy mode it opens no second page for each check.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(tags).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary?.replace(/\s+/g, ' ') ?? ''}`,
    ),
  );
}

/** The elements that reach beyond the right edge of a page that scrolls sideways; empty if it does not. */
export function sidewaysScroll(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5);
    return ['the page is ' + scrollWidth + ' px wide', ...wide.slice(-5).map((element) => element.outerHTML.slice(0, 160))];
  })()`);
}

export interface Reached {
  /** How many controls Tab reaches. */
  readonly stops: number;
  /** Controls that Tab does not reach. */
  readonly missed: string[];
  /** Controls that look the same with the focus. */
  readonly unmarked: string[];
}

/** Presses Tab from the start of the page until the focus has come around. */
export async function tabThrough(page: Page): Promise<Reached> {
  await page.evaluate(`(() => {
    globalThis.reached = new Set();
    globalThis.unmarked = [];
    document.activeElement?.blur();
    getSelection()?.removeAllRanges();
  })()`);
  for (let presses = 0; presses < 400; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate<boolean>(noteFocus)) break;
  }
  return page.evaluate<Reached>(`({
    stops: globalThis.reached.size,
    missed: [...document.querySelectorAll(${JSON.stringify(controls)})]
      .filter((element) => element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }))
      .filter((element) => !globalThis.reached.has(element) && element.closest('[inert]') === null)
      .filter((element) => !(element.type === 'radio' && !element.checked))
      .map((element) => element.outerHTML.slice(0, 160)),
    unmarked: globalThis.unmarked,
  })`);
}

const controls =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea, summary, [tabindex]';

/**
 * True when the focus has come around. The focus must be visible: by an outline or a shadow, of the control or of the row that it opens.
 */
const noteFocus = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body || element === document.documentElement) return globalThis.reached.size > 0;
  if (globalThis.reached.has(element)) return true;
  globalThis.reached.add(element);
  const isMarked = (one) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
  };
  const row = element.closest('tr, [role=row], li, label, form');
  if (!isMarked(element) && (row === null || !isMarked(row))) globalThis.unmarked.push(element.outerHTML.slice(0, 160));
  return false;
})()`;

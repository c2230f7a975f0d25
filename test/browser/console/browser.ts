// Pages of the console in Chromium, and everything that a page of it must never do: errors in its console, violations of its content
// security policy, requests to other origins, and stored data besides the choice of a theme.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../chromium.ts';

export type Theme = 'light' | 'dark';

export interface ConsolePage extends AsyncDisposable {
  readonly page: Page;
  /** What the page did that it must not, so far. */
  complaints(): Promise<string[]>;
  /** Goes to a path of the console, and waits for its heading. */
  visit(path: string): Promise<void>;
}

export interface ConsoleOptions {
  readonly theme?: Theme;
  /** Of the view, CSS pixels; default 1280 × 800. */
  readonly width?: number;
  readonly height?: number;
  /** Signs in with it. */
  readonly token?: string;
  readonly reducedMotion?: 'reduce';
  /** Messages in the browser's console that the test causes itself, such as answers of 404. */
  readonly expects?: RegExp;
}

export const phoneWidth = 360;

/** Chromium for a file or a script; its owner closes it. */
export const startBrowser = (): Promise<Browser> => launchChromium();

/** A new tab with its own cookies and storage. The console is at `url`. */
export async function openConsole(browser: Browser, url: string, options: ConsoleOptions = {}): Promise<ConsolePage> {
  const { theme = 'light', width = 1_280, height = width === phoneWidth ? 740 : 800, expects, token } = options;
  const settings: BrowserContextOptions = {
    viewport: { width, height },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...(options.reducedMotion === undefined ? {} : { reducedMotion: options.reducedMotion }),
  };
  const context = await browser.newContext(settings);
  if (token !== undefined) await signIn(url, token, context.request);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const seen = watch(page, new URL(url).origin);
  const visit = async (path: string): Promise<void> => {
    await page.goto(url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  const complaints = async (): Promise<string[]> => {
    const all = [...seen, ...(await storedByPage(page))];
    return expects === undefined ? all : all.filter((one) => !expects.test(one));
  };
  return { page, complaints, visit, [Symbol.asyncDispose]: () => context.close() };
}

type Requests = Awaited<ReturnType<Browser['newContext']>>['request'];

async function signIn(url: string, token: string, requests: Requests): Promise<void> {
  const headers = { origin: url, 'sec-fetch-site': 'same-origin' };
  const answer = await requests.post(`${url}/console/session`, { data: { token }, headers });
  if (!answer.ok()) throw new Error(`the sign-in was answered ${answer.status()}: ${await answer.text()}`);
}

/** Live: grows while the page does what it must not. */
function watch(page: Page, origin: string): readonly string[] {
  const seen: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      seen.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => seen.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (/^(?:https?|wss?):$/.test(protocol) && asked !== origin) seen.push(`request to ${request.url()}`);
  });
  return seen;
}

async function storedByPage(page: Page): Promise<string[]> {
  const stored = `[...Object.keys(localStorage).map((key) => 'localStorage ' + key),
    ...Object.keys(sessionStorage).map((key) => 'sessionStorage ' + key),
    ...document.cookie.split(';').filter((one) => one.trim() !== '').map((one) => 'cookie that scripts can read: ' + one)]`;
  const names = page.url().startsWith('http') ? await page.evaluate<string[]>(stored) : [];
  return names.filter((name) => name !== 'localStorage genwarden-theme');
}

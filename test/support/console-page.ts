/** A console in a real browser, with what a tester looks at. */
import axe, { type AxeResults } from 'axe-core';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { until } from './run.js';

let browser: Browser | undefined;

export async function openBrowser(): Promise<void> {
  browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    // A sandbox of its own needs rights that containers do not give; every page is our own.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-proxy-server', '--lang=en'],
    timeout: 120_000,
    protocolTimeout: 120_000,
  });
}

export const closeBrowser = () => browser?.close();

export type Scheme = 'light' | 'dark';

export class ConsolePage {
  /** Errors of scripts, and requests and styles that the page's policy refused. */
  readonly complaints: string[];
  readonly page: Page;
  /** Every request of the page. */
  readonly requests: string[] = [];

  private constructor(page: Page, complaints: string[]) {
    this.page = page;
    this.complaints = complaints;
    page.on('request', (request) => this.requests.push(request.url()));
  }

  static async open(port: number): Promise<ConsolePage> {
    const page = await browser!.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    await page.setViewport({ width: 1280, height: 900 });
    const opened = new ConsolePage(page, complaints);
    await page.goto(`http://localhost:${port}/`, { waitUntil: 'domcontentloaded', timeout: 120_000 });
    await opened.follows();
    return opened;
  }

  /** Waits until the shipper sends the lines of the present choice. */
  async follows(): Promise<void> {
    await this.until('that it follows', () =>
      this.evaluate(`document.querySelector('.tail')?.dataset.following === 'true'`),
    );
  }

  /** Text of the first element; empty where there is none. */
  textOf(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`);
  }

  /** Texts of all such elements. */
  textsOf(selector: string): Promise<string[]> {
    return this.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((each) => each.textContent)`);
  }

  /** Numbers of a row of a table. */
  async numbersOf(row: string): Promise<number[]> {
    return (await this.textsOf(`${row} td`)).map((text) => Number(text.replaceAll(',', '')));
  }

  /** The lines that are listed, without those that are left out. */
  messages(): Promise<string[]> {
    return this.textsOf('.tail .message');
  }

  /** An expression in the page: as text, which no compiler changes. */
  evaluate<T>(expression: string): Promise<T> {
    return this.page.evaluate(expression) as Promise<T>;
  }

  async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    await until(`the console shows ${what}`, condition);
  }

  async scheme(scheme: Scheme): Promise<void> {
    await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  }

  /** What breaks the rules of accessibility, with its elements. */
  async violations(): Promise<string[]> {
    // Not a script of the page, whose policy would refuse it.
    await this.evaluate(axe.source);
    const results = await this.evaluate<AxeResults>('axe.run()');
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

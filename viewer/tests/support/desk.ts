import { cpus, loadavg } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchBrowser, newPage } from '../../../tests/e2e/browser.mjs';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { FakeHall } from './fake_hall.mjs';
import { kCalledUs } from './footage.mjs';

export const kDist = new URL('../../node_modules/.cache/dist', import.meta.url).pathname;
export const kCase = '20260105-100137';
export const kSecond = 1_000_000;

export interface WatchedPage extends Page {
  problems: string[];
  hosts: Set<string>;
}

interface Options {
  locale?: string;
  signed_in?: boolean;
  width?: number;
  height?: number;
}

/** A hall and a browser for the tests of one file. */
export class Bench {
  hall!: FakeHall;
  browser!: Browser;

  constructor(options: { now_us?: number } = {}) {
    beforeAll(async () => {
      this.hall = await new FakeHall(kDist, options).start();
      this.browser = await launchBrowser();
    });
    // A page left open would go on playing beside the next test.
    afterEach(async () => {
      this.hall.failing = null;
      this.hall.delay_ms = 0;
      this.hall.forget();
      for (const context of this.browser.contexts()) await context.close();
    });
    afterAll(async () => {
      await this.browser?.close();
      await this.hall?.stop();
    });
  }

  async page({ signed_in = true, ...options }: Options = {}): Promise<WatchedPage> {
    const page = (await newPage(this.browser, options)) as WatchedPage;
    if (signed_in) await page.context().addCookies([{ name: 'mj', value: 'open', url: this.hall.url }]);
    return page;
  }

  /** The review desk, standing still at `at_s` from the call, or (null) as it opens. */
  async desk(at_s: number | null, { number = kCase, views = '', ...options }: Options & { number?: string; views?: string } = {}): Promise<WatchedPage> {
    const page = await this.page(options);
    const at = new URLSearchParams();
    if (at_s !== null) at.set('t', new Date((kCalledUs + at_s * kSecond) / 1000).toISOString());
    if (views) at.set('views', views);
    await page.goto(`${this.hall.url}/cases/${number}?${at}`);
    await waitSettled(page);
    return page;
  }
}

/** Start of the frame of cam-w3.main that belongs to a moment, from how the footage was made. */
export function frame_start_us(clock_us: number): number {
  const run_us = kCalledUs + (clock_us >= kCalledUs + 26 * kSecond ? 26 : -20) * kSecond;
  return run_us + Math.floor((clock_us - run_us) / 40_000) * 40_000;
}

/** How many times as long things may take now: more is running on this machine than it has cores. */
export function patience(): number {
  return Math.max(1, Math.min(6, loadavg()[0]! / cpus().length));
}

export function percentile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kCase, type WatchedPage } from '../support/desk';

const bench = new Bench();
const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violations(page: WatchedPage): Promise<string[]> {
  // As a devtools expression: the page's own policy stays in force.
  await page.evaluate(kAxe);
  const result = await page.evaluate((tags) => (window as any).axe.run(document, { runOnly: { type: 'tag', values: tags } }), kTags);
  return result.violations.flatMap((one: any) => one.nodes.map((node: any) => `${one.id}: ${node.target} ${node.failureSummary}`));
}

const kRoutes: [string, string, (page: WatchedPage) => Promise<unknown>][] = [
  ['home', '/', (page) => page.waitForSelector('tbody tr')],
  ['no hit', '/?q=20269999', (page) => page.waitForSelector('.none')],
  ['review', `/cases/${kCase}?t=2026-01-05T01:45:03Z&views=cam-hall.main`, (page) => waitSettled(page)],
  ['review in a gap', `/cases/${kCase}?t=2026-01-05T01:45:23Z`, (page) => waitSettled(page)],
  ['several visits', '/cases/20260105-100138', (page) => page.waitForSelector('[data-state=footage]')],
  ['what was found', '/?q=1037', (page) => page.waitForSelector('.reading')],
  ['visits', '/visits?day=2026-01-05&cases=any', (page) => page.waitForSelector('tbody tr')],
  ['a visit without a case', '/visits/31?t=2026-01-05T01:45:03Z', (page) => waitSettled(page)],
  ['coverage', '/coverage?from=2026-01-05T01:44:00Z&to=2026-01-05T01:47:00Z', (page) => page.waitForSelector('.labels li')],
  ['no visit then', '/moment?stream=ws-w3.screen&t=2026-01-03T01:45:00Z', (page) => page.waitForSelector('[role=alert]')],
  ['no such case', '/cases/nothing', (page) => page.waitForSelector('h1')],
  ['alerts', '/alerts?state=all', (page) => page.waitForSelector('[data-alert]')],
  ['holds', '/holds?streams=cam-w3.main&from=2026-01-05T01:43:00Z&to=2026-01-05T01:48:00Z', (page) => page.waitForSelector('.chosen li')],
  ['status', '/status', (page) => page.waitForSelector('tbody tr')],
  ['no such page', '/no/such/page', (page) => page.waitForSelector('h1')],
];

for (const locale of ['zh-CN', 'en']) {
  test(`every page is accessible in ${locale}`, async () => {
    const page = await bench.page({ locale });
    for (const [name, path, ready] of kRoutes) {
      await page.goto(bench.hall.url + path);
      await ready(page);
      expect.soft(await violations(page), name).toEqual([]);
      expect.soft(await page.locator('html').getAttribute('lang')).toBe(locale);
    }
    await page.goto(`${bench.hall.url}${kRoutes[2]![1]}`);
    await waitSettled(page);
    await page.keyboard.press('Shift+Slash');
    await page.waitForSelector('dialog[open] kbd');
    expect.soft(await violations(page), 'shortcuts').toEqual([]);
    await page.keyboard.press('Escape');
    await page.click(locale === 'en' ? 'text=Show the intervals' : 'text=查看录像区间列表');
    await page.waitForSelector('dialog[open] tbody tr');
    expect.soft(await violations(page), 'intervals').toEqual([]);
    await page.keyboard.press('Escape');
    await page.click(locale === 'en' ? 'text=Judge the link' : 'text=核对关联');
    await page.waitForSelector('dialog[open] [data-link]');
    await page.locator('dialog[open] [data-link] button').last().click();
    expect.soft(await violations(page), 'links').toEqual([]);
    await page.keyboard.press('Escape');
    await page.fill('#top-search', '2026');
    await page.waitForSelector('[role=option]');
    await page.keyboard.press('ArrowDown');
    expect.soft(await violations(page), 'search').toEqual([]);
    await page.context().clearCookies();
    for (const first of [false, true]) {
      bench.hall.first_sign_in = first;
      await page.goto(bench.hall.url);
      await page.waitForSelector(first ? '#token' : '#password');
      expect.soft(await violations(page), `sign-in ${first}`).toEqual([]);
    }
    bench.hall.first_sign_in = false;
  });
}

test('what can be pressed is at least 32 pixels high, from 1280 to 2560 nothing is cut off', async () => {
  const page = await bench.page();
  for (const [name, path, ready] of kRoutes) {
    await page.goto(bench.hall.url + path);
    await ready(page);
    for (const [width, height] of [[1280, 720], [1920, 1080], [2560, 1440]] as const) {
      await page.setViewportSize({ width, height });
      const measured = await page.evaluate(() => ({
        small: [...document.querySelectorAll('button, input:not([type=checkbox]), nav a')].map((one) => [one.textContent, one.getBoundingClientRect().height] as const).filter(([, px]) => px > 0 && px < 32),
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      }));
      expect.soft(measured, `${name} at ${width}`).toEqual({ small: [], over: 0 });
    }
  }
});

test('the timeline is a slider in words, and its lanes are a table too', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/cases/${kCase}?t=2026-01-05T01:45:23Z`);
  await waitSettled(page);
  const slider = page.locator('[role=slider]');
  await expect.poll(() => slider.getAttribute('aria-valuetext')).toBe('09:45:23，3号窗口，无录像');
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => slider.getAttribute('aria-valuetext')).toBe('09:45:18，3号窗口，有录像');
  await expect.poll(() => page.locator('.desk p[role=status]').innerText()).toBe('已定位到 09:45:18');
  expect(decodeURIComponent(page.url())).toContain('?t=2026-01-05T01:45:18.000000Z');
  await page.click('text=查看录像区间列表');
  const rows = await page.locator('dialog[open] tbody tr').allInnerTexts();
  expect(rows.some((row) => /09:45:20\s+09:45:26\s+无录像：摄像机断线/.test(row))).toBe(true);
});

test('switching the language changes every word and stays', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url);
  await page.waitForSelector('tbody tr');
  await page.click('button:has-text("English")');
  expect(await page.locator('h1').innerText()).toBe('Cases');
  await page.reload();
  await page.waitForSelector('tbody tr');
  expect(await page.locator('h1').innerText()).toBe('Cases');
  expect(await page.title()).toBe('Cases · Mingjing');
});

import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kCase } from '../support/desk';

const bench = new Bench();
const asked = () => bench.hall.requests.filter(({ path }) => path === '/api/v1/search').length;

test('while typing, what is found stands under the box, and keys alone choose from it', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url);
  const box = page.locator('#case-number');
  expect(await box.getAttribute('placeholder')).toContain('办件编号');
  await page.waitForSelector('tbody tr');
  await page.keyboard.type('1037');
  await page.waitForSelector('[role=option]');
  expect(await page.locator('.reading').innerText()).toBe('按工作人员理解');
  expect(await page.locator('[role=group] [role=presentation]').allInnerTexts()).toEqual(['工作人员']);
  expect(await box.getAttribute('aria-expanded')).toBe('true');
  await page.fill('#case-number', '2026');
  await expect.poll(() => page.locator('[role=option]').count()).toBe(5);
  for (const chosen of [0, 1, 2, 3, 4, null, 0]) {
    await page.keyboard.press('ArrowDown');
    expect(await box.getAttribute('aria-activedescendant')).toBe(chosen === null ? null : `case-number-${chosen}`);
  }
  await page.keyboard.press('ArrowUp');
  expect(await page.locator('[aria-selected=true]').count()).toBe(0);
  await page.keyboard.press('Escape');
  expect(await box.getAttribute('aria-expanded')).toBe('false');
  expect(await box.inputValue()).toBe('2026');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-state=footage]');
  expect(new URL(page.url()).pathname).toBe('/cases/20260105-100138');
  expect(page.problems).toEqual([]);
});

test('the newest cases go on from page to page', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url);
  await page.waitForSelector('tbody tr');
  expect(await page.locator('tbody tr').count()).toBe(10);
  await page.click('text=继续列出');
  await expect.poll(() => page.locator('tbody tr').count()).toBe(12);
  expect(new Set(await page.locator('tbody a').allInnerTexts()).size).toBe(12);
  expect(await page.locator('text=继续列出').count()).toBe(0);
  expect(page.problems).toEqual([]);
});

test('Enter asks once, and does not wait for the list', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url);
  const before = asked();
  await page.fill('#case-number', '２０２６０１０５-100137 ');
  await page.keyboard.press('Enter');
  await waitSettled(page);
  expect(new URL(page.url()).pathname).toBe(`/cases/${kCase}`);
  await page.waitForTimeout(400);
  expect(asked() - before).toBe(1);
  expect(await page.locator('[role=option]').count()).toBe(0);
});

test('a late answer to what stood there before changes nothing', async () => {
  const page = await bench.page();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(/search\?q=1037\b/, async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(bench.hall.url);
  await page.waitForSelector('tbody tr');
  const asks = page.waitForRequest(/search\?q=1037\b/);
  await page.fill('#case-number', '1037');
  await asks;
  await page.fill('#case-number', '100138');
  await page.waitForSelector('[role=option]');
  expect(await page.locator('[role=option]').innerText()).toContain('20260105-100138');
  const late = page.waitForResponse(/search\?q=1037\b/);
  release();
  await (await late).finished();
  await page.waitForTimeout(100);
  expect(await page.locator('[role=option]').innerText()).toContain('20260105-100138');
});

test('all kinds are listed with how the query was read, and lead somewhere', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/?q=${encodeURIComponent('3号窗口 9:45')}`);
  await page.waitForSelector('.reading');
  expect(await page.locator('.reading').innerText()).toMatch(/找到 \d 项 按接待理解：3号窗口 · .*09:30:00–10:00:00/);
  expect(await page.locator('h2').allInnerTexts()).toEqual(['接待', '窗口']);
  await page.fill('#case-number', '补正');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h2:has-text("屏幕标题")');
  expect(await page.locator('h2').allInnerTexts()).toEqual(['备注', '屏幕标题']);
  await page.click('text=补正通知书');
  await waitSettled(page);
  expect(page.url()).toMatch(/\/visits\/\d+\?t=2026-01-05T01:45:20/);
  await page.goBack();
  await page.waitForSelector('h2:has-text("屏幕标题")');
  expect(await page.inputValue('#case-number')).toBe('补正');
});

test('the bar finds on every page but the first', async () => {
  const page = await bench.page({ locale: 'en' });
  await page.goto(`${bench.hall.url}/status`);
  await page.fill('#top-search', 'b4');
  await page.waitForSelector('[role=option]');
  expect(await page.locator('[role=option]').innerText()).toContain('20260105-100138');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-state=footage]');
  expect(page.url()).toContain('/cases/20260105-100138?visit=8');
  expect(await page.inputValue('#top-search')).toBe('');
  await page.fill('#top-search', '没有的词');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.none');
  expect(await page.locator('.none').innerText()).toContain('pinyin');
});

test('a server that cannot search is told, and asked again on demand', async () => {
  const page = await bench.page();
  bench.hall.failing = /search$/;
  await page.goto(bench.hall.url);
  await page.fill('#case-number', '100137');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.notice:has-text("the store is away")');
  bench.hall.failing = null;
  await page.click('.notice button');
  await waitSettled(page);
});

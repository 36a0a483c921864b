import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kCase } from '../support/desk';

const bench = new Bench();

test('from the review desk a case is held, and the hold lifted, each with a reason', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/cases/${kCase}`);
  await waitSettled(page);
  await page.click('text=保全…');
  await page.waitForSelector('#hold-case');
  expect(await page.inputValue('#hold-case')).toBe(kCase);
  await page.click('button:text-is("保全")');
  await page.waitForSelector('.place .notice:has-text("请填写理由")');
  await page.fill('#hold-reason', '投诉调查');
  await page.click('button:text-is("保全")');
  const hold = page.locator('[data-hold="1"]');
  await hold.waitFor();
  expect(await hold.innerText()).toMatch(/保全 1\s*20260105-100137\s*生效中[\s\S]*李明，.*：投诉调查[\s\S]*3号窗口摄像机：.*09:43:00–09:47:50[\s\S]*录像段 18 个，540 MB/);
  expect(await hold.locator('.notice').innerText()).toContain('已有 1 段录像清理');
  await page.goBack();
  await page.waitForSelector('a:has-text("已保全")');
  await page.goForward();
  await hold.locator('text=解除保全…').click();
  await hold.locator('button.primary').click();
  expect(await hold.locator('[role=alert]').innerText()).toBe('请填写理由。');
  await hold.locator('textarea').fill('调查结束');
  await hold.locator('button.primary').click();
  await expect.poll(() => hold.innerText()).toMatch(/已解除[\s\S]*解除：李明，.*：调查结束/);
  expect(page.problems).toEqual([]);
});

test('the footage of a visit without a case is held by streams and time, as the hall reads its clock', async () => {
  const page = await bench.page({ locale: 'en' });
  await page.goto(`${bench.hall.url}/visits/31?t=2026-01-05T01:45:03Z`);
  await waitSettled(page);
  await page.click('text=Hold…');
  await page.waitForSelector('.chosen li');
  expect(await page.locator('.chosen li').count()).toBe(3);
  expect(await page.inputValue('#hold-from')).toBe('2026-01-05T09:43');
  expect(await page.inputValue('#hold-to')).toBe('2026-01-05T09:51');
  await page.fill('#hold-to', '2026-01-05T09:42:00');
  await page.fill('#hold-reason', 'turned away');
  await page.click('button:text-is("Hold")');
  await page.waitForSelector('.place .notice:has-text("after it, an end")');
  await page.fill('#hold-to', '2026-01-05T09:51:00');
  await page.click('.chosen li button >> nth=2');
  await page.selectOption('#hold-stream', 'cam-w5.main');
  await page.click('button:text-is("Hold")');
  await page.waitForSelector('[data-hold="1"]');
  const spans = Date.UTC(2026, 0, 5, 1, 43) * 1000;
  expect(bench.hall.found!.holds[0]!.streams).toEqual(['cam-w3.main', 'ws-w3.screen', 'cam-w5.main'].map((stream) => ({ stream, from_us: spans, to_us: spans + 8 * 60e6 })));
  expect(await page.locator('.chosen li').count()).toBe(0);
});

test('what cannot be held is said: an unknown case, a server that is away', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/holds?case=nothing`);
  await page.fill('#hold-reason', '投诉调查');
  await page.click('button:text-is("保全")');
  await page.waitForSelector('.place .notice:has-text("nothing")');
  bench.hall.failing = /holds$/;
  await page.click('button:text-is("保全")');
  await page.waitForSelector('.place .notice:has-text("the store is away")');
  expect(await page.inputValue('#hold-reason')).toBe('投诉调查');
});

import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kCase, type WatchedPage } from '../support/desk';

const bench = new Bench();
const kAt = '?t=2026-01-05T01:45:03Z';
const says = (page: WatchedPage) => page.locator('[data-links]').innerText();

async function open(path: string): Promise<WatchedPage> {
  const page = await bench.page();
  await page.goto(bench.hall.url + path);
  await waitSettled(page);
  await page.click('text=核对关联');
  await page.waitForSelector('dialog[open] [data-link], dialog[open] .add');
  return page;
}

test('a link is rejected with a reason, and the desk shows it at once', async () => {
  const page = await open(`/cases/${kCase}${kAt}`);
  expect(await says(page)).toMatch(/推断[^]*系统推断：票号登记了本办件（来源：排队叫号系统；对应 09:45:00–09:45:50），可信度 99%，尚无人核对。/);
  const link = page.locator(`[data-link="${kCase}"]`);
  await link.locator('button:has-text("否定")').click();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('link-reason');
  await link.locator('button:has-text("否定")').click();
  await page.waitForSelector('dialog [role=alert]:has-text("请填写理由")');
  await page.keyboard.type('屏幕上是另一件');
  const clock_us = await page.evaluate(() => (window as any).__mj.clock_us());
  await page.fill('#link-reason', '屏幕上是另一件');
  await link.locator('button:has-text("否定")').click();
  await page.waitForSelector('dialog [role=status]:has-text("已否定")');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('link-title');
  expect(await link.innerText()).toMatch(/已否定[^]*李明于 .*已否定，理由：屏幕上是另一件/);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog[open]', { state: 'detached' });
  expect(await says(page)).toMatch(/^已否定[^]*理由：屏幕上是另一件/);
  // Keys typed in the dialog are not the desk's, and its pictures go on undisturbed.
  expect(await page.evaluate(() => (window as any).__mj.clock_us())).toBe(clock_us);
  expect(await page.locator('[data-state=footage]').count()).toBe(2);
  await page.reload();
  await waitSettled(page);
  expect(await says(page)).toMatch(/^已否定/);
});

test('a visit without a case gets one by a person, by keyboard alone', async () => {
  const page = await open(`/visits/31${kAt}`);
  await page.focus('#add-number');
  await page.keyboard.type('20269999-1');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog [role=alert]:has-text("请填写理由")');
  await page.keyboard.press('Tab');
  await page.keyboard.type('群众出示了受理单');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog [role=alert]:has-text("没有编号为“20269999-1”的办件")');
  await page.fill('#add-number', '20260105-300300');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog [role=status]:has-text("已补录 20260105-300300")');
  expect(await page.inputValue('#add-reason')).toBe('');
  await page.keyboard.press('Escape');
  expect(await says(page)).toMatch(/人工补录\s*20260105-300300[^]*李明于 .*人工补录，理由：群众出示了受理单/);
  await page.goto(`${bench.hall.url}/visits?day=2026-01-05`);
  await page.waitForSelector('tbody tr');
  expect(await page.locator('tbody tr:has-text("A013")').count()).toBe(0);
});

test('a link is confirmed; what the server refuses is told', async () => {
  const page = await open(`/cases/${kCase}${kAt}`);
  const link = page.locator(`[data-link="${kCase}"]`);
  await link.locator('button:has-text("确认")').click();
  await page.keyboard.type('与受理单一致');
  bench.hall.failing = /links$/;
  await link.locator('button:has-text("确认")').click();
  await page.waitForSelector('dialog [role=alert]:has-text("the store is away")');
  expect(await page.inputValue('#link-reason')).toBe('与受理单一致');
  bench.hall.failing = null;
  await link.locator('button:has-text("确认")').click();
  await page.waitForSelector('dialog [role=status]:has-text("已确认")');
  await page.locator('dialog button:has-text("关闭")').click();
  expect(await says(page)).toMatch(/^已确认[^]*李明于 .*理由：与受理单一致。系统依据：票号/);
});

test('a case opens at the newest visit that nobody rejected', async () => {
  const page = await open(`/cases/20260105-100138${kAt}&visit=8`);
  await page.locator('[data-link="20260105-100138"] button:has-text("否定")').click();
  await page.keyboard.type('另一人');
  await page.locator('[data-link="20260105-100138"] button:has-text("否定")').click();
  await page.waitForSelector('dialog [role=status]:has-text("已否定")');
  await page.goto(`${bench.hall.url}/cases/20260105-100138${kAt}`);
  await waitSettled(page);
  expect(await page.locator('[aria-label=接待] [aria-pressed=true]').innerText()).toContain('3号窗口');
  expect(await page.locator('[aria-label=接待] .rejected').innerText()).toContain('5号窗口');
});

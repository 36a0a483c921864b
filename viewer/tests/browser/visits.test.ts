import { expect, test } from 'vitest';
import { paneOf, readDesk, waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, frame_start_us, kSecond } from '../support/desk';
import { kCalledUs } from '../support/footage.mjs';

const bench = new Bench();
const kDay = '/visits?day=2026-01-05';
const rows = 'tbody tr';

test('visits without a case are listed, the long ones marked, and more on demand', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/visits`);
  await page.waitForSelector(rows);
  expect(await page.inputValue('#visits-day')).toBe('2026-01-05');
  expect(await page.locator(rows).count()).toBe(50);
  const marked = page.locator(`${rows}.marked`);
  expect(await marked.first().innerText()).toMatch(/A013[^]*4:00[^]*服务超过 3 分钟，无办件/);
  expect(await page.locator('text=须优先核查').innerText()).toBe(`其中 ${await marked.count()} 次须优先核查`);
  expect(await page.locator(`${rows} >> text=20260105-`).count()).toBe(0);
  await page.click('text=继续列出');
  await expect.poll(() => page.locator(rows).count()).toBeGreaterThan(50);
  expect(await page.locator('text=继续列出').count()).toBe(0);
  const ids = await page.locator(`${rows} td:first-child a`).evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(new Set(ids).size).toBe(ids.length);
});

test('day, window, clerk and case narrow the list, and the URL holds them', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url + kDay);
  await page.waitForSelector(rows);
  await page.click('text=只看无办件');
  await page.waitForSelector('h1:has-text("接待"):not(:has-text("无办件"))');
  await page.selectOption('#visits-window', 'w5');
  await expect.poll(() => page.locator(rows).count()).toBe(1);
  expect(await page.locator(rows).innerText()).toMatch(/B004\s+5号窗口\s+王芳 1042[^]*20260105-100138/);
  await page.fill('#visits-clerk', '1037');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=所选范围内没有接待');
  expect(new URL(page.url()).search).toBe('?day=2026-01-05&window=w5&clerk=1037&cases=any');
  await page.reload();
  await page.waitForSelector('text=所选范围内没有接待');
  expect(await page.inputValue('#visits-clerk')).toBe('1037');
  await page.click('[aria-label=前一天]');
  await expect.poll(() => page.inputValue('#visits-day')).toBe('2026-01-04');
  await page.fill('#visits-day', '');
  await expect.poll(() => new URL(page.url()).search).toContain('day=all');
});

test('a visit without a case opens in the desk, exact, and keeps its place in the URL', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url + kDay);
  await page.click(`${rows}.marked td:first-child a`);
  await waitSettled(page);
  expect(new URL(page.url()).pathname).toBe('/visits/31');
  expect(await page.locator('h1').innerText()).toBe('接待 31');
  expect(await page.locator('[data-links]').innerText()).toContain('没有已知办件与这次接待关联');
  expect((await readDesk(page)).clockUs).toBeGreaterThan(kCalledUs - 5.1 * kSecond);
  await page.goto(`${bench.hall.url}/visits/31?t=2026-01-05T01:45:03Z&views=cam-hall.main`);
  await waitSettled(page);
  const desk = await readDesk(page);
  expect(paneOf(desk, 'cam-w3.main').code?.wallMs).toBe(frame_start_us(kCalledUs + 3 * kSecond) / 1000);
  expect(desk.panes.map((pane: { key: string }) => pane.key)).toEqual(['cam-w3.main', 'ws-w3.screen', 'cam-hall.main']);
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => decodeURIComponent(page.url())).toContain('/visits/31?t=2026-01-05T01:45:08');
  expect(page.problems).toEqual([]);
});

test('what cannot be opened is said', async () => {
  const page = await bench.page({ locale: 'en' });
  await page.goto(`${bench.hall.url}/visits/999`);
  await page.waitForSelector('h1:has-text("There is no such visit")');
  await page.goto(`${bench.hall.url}/moment?stream=cam-hall.main&t=2026-01-05T01:45:00Z`);
  expect(await page.locator('[role=alert]').innerText()).toContain('belongs to no window');
  await page.goto(`${bench.hall.url}/moment?stream=ws-w3.screen&t=2026-01-03T01:45:00Z`);
  expect(await page.locator('[role=alert]').innerText()).toContain('There was no visit at 3号窗口');
  await page.click('text=See the visits of that day');
  await expect.poll(() => page.inputValue('#visits-day')).toBe('2026-01-03');
  bench.hall.failing = /visits$/;
  await page.goto(bench.hall.url + kDay);
  await page.waitForSelector('.notice:has-text("the store is away")');
});

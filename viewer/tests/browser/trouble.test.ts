import { expect, test } from 'vitest';
import { paneOf, paneSays, readDesk, waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kSecond } from '../support/desk';
import { kCalledUs } from '../support/footage.mjs';

const bench = new Bench();

test('footage that cannot be read is a sentence with a way to go on, and comes back by itself', async () => {
  bench.hall.failing = /cam-w3.*segments/;
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/cases/20260105-100137?t=2026-01-05T01:45:02Z`);
  await page.waitForSelector('[data-pane="cam-w3.main"][data-state=error]');
  expect(await paneSays(page, 'cam-w3.main')).toContain('the store is away');
  await page.waitForSelector('[data-pane="ws-w3.screen"][data-state=footage]');
  bench.hall.failing = null;
  await page.click('[data-pane="cam-w3.main"] button:has-text("重试")');
  await page.waitForSelector('[data-pane="cam-w3.main"][data-state=footage]');
  await waitSettled(page);
  expect(paneOf(await readDesk(page), 'cam-w3.main').code?.wallMs).toBe(kCalledUs / 1000 + 2000);
});

test('a stalled camera does not stop the screen', async () => {
  const page = await bench.desk(0);
  bench.hall.failing = /cam-w3.*segments/;
  await page.goto(`${bench.hall.url}/cases/20260105-100137`);
  await page.waitForFunction((us) => (window as any).__mj.clock_us() > us, kCalledUs - 4 * kSecond, { timeout: 10000 });
  const desk = await readDesk(page);
  expect(paneOf(desk, 'ws-w3.screen').state).toBe('footage');
  expect(['error', 'loading']).toContain(paneOf(desk, 'cam-w3.main').state);
  bench.hall.failing = null;
});

test('a main stream that this browser cannot play is replaced by the sub stream, and says so', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/cases/20260105-100138`);
  await page.waitForSelector('[data-pane="cam-w5.sub"][data-state=footage]');
  expect(await page.locator('[data-pane="cam-w5.sub"] .badge').innerText()).toBe('兼容画质（子码流）');
  expect(await page.locator('[data-pane="screen"]').innerText()).toContain('该窗口当时未绑定工位电脑');
  expect(await page.locator('header .link').innerText()).toContain('可信度 70%');
  await page.click('button:has-text("第 1 次")');
  await page.waitForSelector('[data-pane="cam-w3.main"][data-state=footage]');
  expect(await page.locator('header .link').innerText()).toContain('可信度 99%');
});

test('cases without a camera, without a visit and without existence say so', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/cases/20260105-200200`);
  await page.waitForSelector('[data-pane="counter"]');
  expect(await page.locator('[data-pane="counter"]').innerText()).toContain('该窗口当时未绑定摄像机');
  await page.goto(`${bench.hall.url}/cases/20260105-300300`);
  await page.waitForSelector('h1:has-text("没有叫号记录")');
  await page.goto(`${bench.hall.url}/cases/${encodeURIComponent('不存在/1')}`);
  await page.waitForSelector('h1:has-text("不存在/1")');
  await page.goto(`${bench.hall.url}/no/such/page`);
  await page.waitForSelector('h1:has-text("没有这个页面")');
});

test('when the server is away the page says what to do, and tries again when asked', async () => {
  const page = await bench.page();
  await page.route('**/api/v1/me', (route) => route.abort());
  await page.goto(bench.hall.url);
  await page.waitForSelector('[role=alert]:has-text("连不上服务器")');
  await page.unroute('**/api/v1/me');
  await page.click('button:has-text("重试")');
  await page.waitForSelector('#case-number');
});

test('memory and requests stay bounded', async () => {
  bench.hall.delay_ms = 30;
  const page = await bench.desk(-15, { views: 'cam-hall.main' });
  // Counted where the page asks: a request that it cancelled is over here before network and server hear of it.
  await page.evaluate(() => {
    const counted = Object.assign(window, { open_reads: 0, most_reads: 0 });
    const fetch = window.fetch.bind(window);
    window.fetch = async (target, options) => {
      if (!String(target).includes('/segments/')) return fetch(target, options);
      counted.most_reads = Math.max(counted.most_reads, ++counted.open_reads);
      return fetch(target, options).finally(() => counted.open_reads--);
    };
  });
  for (let n = 0; n < 6; n++) await page.keyboard.press('ArrowRight');
  await waitSettled(page);
  const most = await page.evaluate(() => (window as any).most_reads);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
  expect(await page.evaluate(() => (window as any).__mj.store_bytes)).toBeLessThan(64 * 1024 * 1024);
});

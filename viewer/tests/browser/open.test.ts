import { expect, test } from 'vitest';
import { strayHosts } from '../../../tests/e2e/browser.mjs';
import { openCase, paneOf, readDesk, signIn, waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, frame_start_us, kCase, kSecond, patience, percentile } from '../support/desk';
import { kCalledUs } from '../support/footage.mjs';

const bench = new Bench();

test('a case number and Enter open both panes five seconds before the call, exact and playing', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url);
  await page.waitForFunction(() => document.activeElement?.id === 'case-number');
  await openCase(page, ' 100137 ');
  expect(new URL(page.url()).pathname).toBe(`/cases/${kCase}`);
  const desk = await readDesk(page);
  expect(desk.playing).toBe(true);
  expect(desk.clockUs / kSecond).toBeGreaterThanOrEqual(kCalledUs / kSecond - 5);
  expect(desk.clockUs / kSecond).toBeLessThan(kCalledUs / kSecond - 3.5);
  const camera = paneOf(desk, 'cam-w3.main');
  expect(camera.code).not.toBeNull();
  expect(Math.abs(desk.clockUs / 1000 - camera.code!.wallMs)).toBeLessThan(150);
  expect(paneOf(desk, 'ws-w3.screen').code?.wallMs).toBe(kCalledUs / 1000 - 5500);
  await page.waitForTimeout(600);
  expect((await readDesk(page)).clockUs).toBeGreaterThan(desk.clockUs + 400_000);
  expect(page.problems).toEqual([]);
  expect(strayHosts(page, bench.hall.url)).toEqual([]);
});

test('from Enter to both pictures takes little, the first time and with the page warm', async () => {
  const cold: number[] = [];
  for (let n = 0; n < 5; n++) {
    const page = await bench.page();
    await page.goto(bench.hall.url);
    cold.push((await openCase(page, kCase)).ms);
    await page.context().close();
  }
  const warm: number[] = [];
  const page = await bench.page();
  await page.goto(bench.hall.url);
  for (let n = 0; n < 7; n++) {
    warm.push((await openCase(page, kCase)).ms);
    await page.click('nav a');
  }
  console.log(`Enter → both panes: fresh page p50 ${percentile(cold, 0.5).toFixed(0)} ms, same page p50 ${percentile(warm, 0.5).toFixed(0)} p95 ${percentile(warm, 0.95).toFixed(0)} ms`);
  expect(percentile(cold, 0.5)).toBeLessThan(1000 * patience());
  expect(percentile(warm, 0.5)).toBeLessThan(600 * patience());
});

test('several hits become a list, none a sentence with what to try', async () => {
  const page = await bench.page();
  await page.goto(bench.hall.url);
  await page.fill('#case-number', '2026');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=找到 12 项');
  expect(await page.locator('tbody tr').count()).toBe(12);
  expect(new URL(page.url()).search).toBe('?q=2026');
  await page.fill('#case-number', '20269999-000001');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.none');
  const text = await page.locator('.none').innerText();
  expect(text).toContain('20269999-000001');
  expect(text).toContain('000001。');
  expect(await page.locator('h2').innerText()).toBe('最近办件');
  await page.goBack();
  await page.waitForSelector('text=找到 12 项');
});

test('the one-time token makes the first account, and leaves the URL at once', async () => {
  bench.hall.first_sign_in = true;
  const page = await bench.page({ signed_in: false, locale: 'en' });
  await page.goto(`${bench.hall.url}/#token=ABCD-EFGH`);
  await page.waitForSelector('#token');
  expect(page.url()).not.toContain('ABCD');
  expect(await page.inputValue('#token')).toBe('ABCD-EFGH');
  await page.fill('#login', 'li');
  await page.fill('#display_name', 'Li Ming');
  await page.fill('#password', 'short');
  await page.keyboard.press('Enter');
  expect(await page.locator('[role=alert]').innerText()).toContain('8 characters');
  await page.fill('#token', 'WRONG');
  await page.fill('#password', 'long enough');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]:has-text("one-time token")');
  await page.fill('#token', 'ABCD-EFGH');
  await page.fill('#password', 'long enough');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#case-number');
  expect(await page.evaluate(() => history.length)).toBeLessThan(4);
});

test('signing in leads to the page that was asked for; a wrong password and too many tries are said', async () => {
  const page = await bench.page({ signed_in: false });
  await page.goto(`${bench.hall.url}/cases/${kCase}?t=2026-01-05T01:45:03.020Z`);
  await page.fill('#login', 'li');
  await page.keyboard.press('Enter');
  expect(await page.locator('[role=alert]').innerText()).toBe('请输入密码。');
  await page.fill('#password', 'wrong');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]:has-text("账号或密码不对")');
  await page.fill('#password', 'too-often');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]:has-text("秒后再试")');
  await page.fill('#password', 'correct horse');
  await page.keyboard.press('Enter');
  await waitSettled(page);
  const desk = await readDesk(page);
  expect(desk.playing).toBe(false);
  expect(paneOf(desk, 'cam-w3.main').code?.wallMs).toBe(frame_start_us(kCalledUs + 3.02 * kSecond) / 1000);
});

test('a session that ends leads back to the same page', async () => {
  const page = await bench.desk(1);
  await page.context().clearCookies();
  // The status in the bar or the page itself asks next, whichever comes first.
  await page.click('nav a[href="/status"]', { timeout: 3000 }).catch(() => undefined);
  await page.waitForSelector('#password');
  expect(await page.locator('[role=status]').first().innerText()).toContain('登录已失效');
  await page.fill('#login', 'li');
  await page.fill('#password', 'correct horse');
  await page.keyboard.press('Enter');
  await page.waitForSelector('header nav');
  await page.click('button:has-text("退出登录")');
  await page.waitForSelector('#password');
  await signIn(page, bench.hall.url, { login: 'li', password: 'correct horse' });
});

import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, type WatchedPage } from '../support/desk';

const bench = new Bench();
const kMinutes = '/coverage?from=2026-01-05T01:44:00Z&to=2026-01-05T01:47:00Z';

async function open(path: string): Promise<WatchedPage> {
  const page = await bench.page();
  await page.goto(bench.hall.url + path);
  await page.waitForSelector('.labels li');
  return page;
}

/** Where a stream's row is at `part` (0 … 1) of the time shown. */
async function place(page: WatchedPage, name: string, part: number): Promise<{ x: number; y: number }> {
  const row = (await page.locator('.labels li', { hasText: name }).last().boundingBox())!;
  const lanes = (await page.locator('canvas').boundingBox())!;
  return { x: lanes.x + part * lanes.width, y: row.y + row.height / 2 };
}

async function color(page: WatchedPage, name: string, part: number): Promise<number[]> {
  return color_at(page, await place(page, name, part));
}

async function color_at(page: WatchedPage, at: { x: number; y: number }): Promise<number[]> {
  return page.evaluate(({ x, y }) => {
    const canvas = document.querySelector('canvas')!;
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    return [...canvas.getContext('2d')!.getImageData(Math.round((x - box.x) * ratio), Math.round((y - box.y) * ratio), 1, 1).data].slice(0, 3);
  }, at);
}

test('each stream has a row under its window, and what there is of it is drawn', async () => {
  const page = await open(kMinutes);
  expect(await page.locator('.labels li').allInnerTexts()).toEqual([
    '3号窗口', '3号窗口摄像机', '3号工位', '5号窗口', '5号窗口摄像机', '6号窗口', '6号窗口摄像机', '办事大厅', '大厅全景']);
  expect(await color(page, '3号窗口摄像机', 0.35)).toEqual([0x2f, 0x7f, 0x86]);
  expect(await color(page, '3号工位', 0.35)).toEqual([0x4a, 0x6f, 0xa5]);
  const { x, y } = await place(page, '3号窗口摄像机', 83 / 180);
  await page.mouse.move(x, y);
  expect(await page.locator('.tip').innerText()).toMatch(/^3号窗口摄像机 09:45:2\d 无录像：摄像机断线 09:45:20–09:45:26$/);
  expect(await page.locator('[aria-live] p').innerText()).toBe('5 路码流，其中 5 路有故障缺口，共 7 处');
});

test('a moment of a stream opens the visit that was going on there', async () => {
  const page = await open(kMinutes);
  const { x, y } = await place(page, '3号窗口摄像机', 0.35);
  await page.mouse.click(x, y);
  await waitSettled(page);
  expect(page.url()).toMatch(/\/visits\/\d+\?t=2026-01-05T01:45:0[23]/);
});

test('from ten seconds to ninety days, by buttons, wheel, keys and dragging, and the URL holds it', async () => {
  const page = await open('/coverage');
  await page.click('text=90 天');
  await expect.poll(() => page.url()).toContain('from=2025-10-0');
  await page.click('[aria-label=缩小]');
  expect(await page.locator('.range').innerText()).toContain('(90 天)');
  await page.click('text=1 分钟');
  const { x, y } = await place(page, '3号窗口摄像机', 0.5);
  await page.mouse.move(x, y);
  await page.keyboard.down('Control');
  for (let n = 0; n < 12; n++) await page.mouse.wheel(0, -200);
  await page.keyboard.up('Control');
  await expect.poll(() => page.locator('.range').innerText()).toContain('(0:10)');
  await page.focus('.lanes');
  await page.keyboard.press('0');
  await expect.poll(() => page.locator('.range').innerText()).toContain('(1 天)');
  await page.goto(bench.hall.url + kMinutes);
  await page.waitForSelector('.labels li');
  const from = await place(page, '3号窗口摄像机', 0.5);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 200, from.y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => page.url()).toContain('from=2026-01-05T01:43:');
  const asked = bench.hall.requests.filter(({ path }) => path === '/api/v1/lanes').length;
  await page.waitForTimeout(500);
  expect(bench.hall.requests.filter(({ path }) => path === '/api/v1/lanes').length).toBe(asked);
});

test('gaps by a fault are a list in words too, and alone when wanted', async () => {
  const page = await open(kMinutes);
  await page.click('text=故障缺口列表');
  const rows = await page.locator('tbody tr').allInnerTexts();
  expect(rows).toHaveLength(7);
  expect(rows[0]).toMatch(/3号窗口\s+3号窗口摄像机\s+2026年1月5日周一 09:45:20\s+09:45:26\s+无录像：摄像机断线/);
  await page.goto(`${bench.hall.url}/coverage?from=2026-01-05T01:45:27Z&to=2026-01-05T01:45:50Z`);
  await page.waitForSelector('.labels li');
  await page.click('text=只看有故障缺口的');
  await expect.poll(() => page.locator('.labels li').allInnerTexts()).toEqual(['3号窗口', '3号工位']);
  bench.hall.failing = /lanes$/;
  await page.click('[aria-label=往后]');
  await page.waitForSelector('.notice:has-text("the store is away")');
});

test('beside a window stand its visits and alerts, under a screen its presence, and the visit opens from there', async () => {
  const page = await open(kMinutes);
  const window = async (part: number, up = 0) => {
    const label = (await page.locator('.labels .place', { hasText: '3号窗口' }).boundingBox())!;
    const lanes = (await page.locator('canvas').boundingBox())!;
    return { x: lanes.x + part * lanes.width, y: label.y + label.height - 7 - up };
  };
  expect(await color_at(page, await window(0.35))).toEqual([0xb9, 0x8a, 0x2f]);
  expect(await color_at(page, await window(0.35, 7))).toEqual([0xa3, 0x36, 0x2c]);
  expect(await color_at(page, await window(0.1, 7))).toEqual([0xff, 0xff, 0xff]);
  const screen = async (part: number) => {
    const at = await place(page, '3号工位', part);
    return { x: at.x, y: at.y + 7 };
  };
  const colors = new Set<string>();
  for (let part = 0.3; part < 1; part += 0.02) colors.add((await color_at(page, await screen(part))).join());
  expect(colors).toContain([0x1f, 0x6b, 0x45].join());
  expect(colors).toContain([0xe0, 0x8a, 0x2c].join());
  const { x, y } = await window(0.35);
  await page.mouse.move(x, y);
  expect(await page.locator('.tip').innerText()).toMatch(/^3号窗口 09:45:0\d 红色预警 1 条 接待 09:45:00–09:4\d:\d0$/);
  await page.mouse.click(x, y);
  await waitSettled(page);
  expect(page.url()).toMatch(/\/visits\/\d+\?t=2026-01-05T01:45:0/);
});

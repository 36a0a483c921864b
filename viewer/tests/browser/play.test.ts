import { expect, test } from 'vitest';
import { paneOf, paneSays, pause, play, pressAndSettle, readDesk } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kSecond, patience, percentile } from '../support/desk';
import { kCalledUs } from '../support/footage.mjs';

const bench = new Bench();
type Desk = Awaited<ReturnType<typeof readDesk>>;

async function watch(page: any, seconds: number, look: (desk: Desk) => void): Promise<void> {
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    look(await readDesk(page));
    await page.waitForTimeout(60);
  }
}

test('two cameras stay in step with the clock and with each other', async () => {
  const page = await bench.desk(-18, { views: 'cam-hall.main' });
  await play(page);
  await page.waitForTimeout(2500);
  const apart: number[] = [];
  const behind: number[] = [];
  const pixels: number[] = [];
  await watch(page, 8, (desk) => {
    const [camera, hall] = [paneOf(desk, 'cam-w3.main'), paneOf(desk, 'cam-hall.main')];
    apart.push(Math.abs(camera.mediaS - hall.mediaS) * 1000);
    // The middle of a frame's time is its time.
    behind.push(Math.abs(desk.clockUs / 1000 - camera.code!.wallMs - 20));
    pixels.push(Math.abs(camera.code!.wallMs + 20 - hall.code!.wallMs - 25));
  });
  const say = (name: string, of: number[]) => `${name} p50 ${percentile(of, 0.5).toFixed(0)} p95 ${percentile(of, 0.95).toFixed(0)} max ${Math.max(...of).toFixed(0)} ms`;
  console.log(`in step: ${say('positions', apart)}; ${say('pixels', pixels)}; ${say('clock to pixels', behind)}`);
  expect(percentile(apart, 0.95)).toBeLessThan(50 * patience());
  // 25 and 20 pictures a second: their middles are up to 45 ms apart when both are right.
  expect(percentile(pixels, 0.95)).toBeLessThan(75 * patience());
  expect(await page.locator('[data-sync]').innerText()).toMatch(/已同步 \d+ 毫秒/);
});

test('the screen always shows the newest shot at or before the clock, and says how old it is', async () => {
  const page = await bench.desk(-6);
  const shots = bench.hall.streams['ws-w3.screen'].flatMap((run: any) => run.segments).flatMap((segment: any) => segment.fragments).map((shot: any) => shot.start_us / 1000);
  await play(page);
  const late: number[] = [];
  await watch(page, 9, (desk) => {
    const shown = paneOf(desk, 'ws-w3.screen').code?.wallMs;
    if (shown === undefined) return; // on its way from one shot to the next: pixels cannot be read just then
    const right = shots.filter((ms: number) => ms <= desk.clockUs / 1000).pop();
    if (shown !== right) late.push(desk.clockUs / 1000 - right);
  });
  // A shot may be a moment late, never wrong.
  expect(Math.max(0, ...late)).toBeLessThan(250 * patience());
  const head = await page.locator('[data-pane="ws-w3.screen"] header').innerText();
  expect(head).toMatch(/09:4\d:\d\d\s*\(?\(([\d.]+ 秒前|刚刚)\)/);
  expect(await page.locator('[data-pane="ws-w3.screen"] footer').innerText()).toContain('政务服务审批系统');
});

test('a gap is crossed without a click: the pane names the cause, the clock and the other pane go on', async () => {
  const page = await bench.desk(18.5);
  await play(page);
  await page.waitForFunction(() => (window as any).__mj.panes[0].state === 'gap', null, { timeout: 8000 });
  expect(await paneSays(page, 'cam-w3.main')).toContain('09:45:20–09:45:26 无录像（摄像机断线）');
  const in_gap = await readDesk(page);
  expect(paneOf(in_gap, 'ws-w3.screen').state).toBe('footage');
  await page.waitForFunction(() => (window as any).__mj.panes[0].state === 'footage', null, { timeout: 12000 });
  await page.waitForTimeout(700);
  const after = await readDesk(page);
  expect(after.clockUs).toBeGreaterThan(in_gap.clockUs);
  const camera = paneOf(after, 'cam-w3.main');
  expect(camera.code!.wallMs).toBeGreaterThanOrEqual(kCalledUs / 1000 + 26_000);
  expect(Math.abs(after.clockUs / 1000 - camera.code!.wallMs)).toBeLessThan(300 * patience());
  expect(page.problems).toEqual([]);
});

test('fast play shows key frames in step; slowing down is smooth again', async () => {
  const page = await bench.desk(-19);
  await play(page);
  for (let n = 0; n < 3; n++) await page.keyboard.press('KeyL');
  await page.waitForTimeout(500);
  const seen = new Set<number>();
  await watch(page, 2.5, (desk) => {
    const camera = paneOf(desk, 'cam-w3.main');
    if (camera.state !== 'footage' || !camera.code) return;
    seen.add(camera.code.wallMs);
    expect(Math.abs((camera.code.wallMs - kCalledUs / 1000) % 2000), 'a key frame').toBe(0);
    expect(Math.abs(desk.clockUs / 1000 - camera.code.wallMs)).toBeLessThan(2000 + 8 * 400);
  });
  expect(seen.size).toBeGreaterThan(3);
  expect(await page.locator('[data-pane="cam-w3.main"] .badge').innerText()).toBe('关键帧模式');
  for (let n = 0; n < 3; n++) await page.keyboard.press('KeyJ');
  await pause(page);
  const desk = await readDesk(page);
  const camera = paneOf(desk, 'cam-w3.main');
  if (camera.state === 'footage') expect(Math.abs(desk.clockUs / 1000 - camera.code!.wallMs)).toBeLessThan(41);
});

test('dragging on the timeline shows pictures on the way and ends exactly', async () => {
  const page = await bench.desk(0);
  const box = (await page.locator('[role=slider] canvas').boundingBox())!;
  const x = (s: number) => box.x + (box.width * (s + 30)) / 140;
  await page.mouse.move(x(0), box.y + 50);
  await page.mouse.down();
  const seen = new Set<number>();
  for (let s = 0; s <= 16; s += 0.5) {
    await page.mouse.move(x(s), box.y + 50);
    await page.waitForTimeout(30);
    const camera = paneOf(await readDesk(page), 'cam-w3.main');
    expect(camera.state).not.toBe('error');
    if (camera.code) seen.add(camera.code.wallMs);
  }
  await page.mouse.up();
  await page.waitForFunction(() => (window as any).__mj.settled, null, { polling: 'raf' });
  expect(seen.size).toBeGreaterThan(4);
  const desk = await readDesk(page);
  expect(desk.clockUs / kSecond - kCalledUs / kSecond).toBeCloseTo(16, 0);
  const camera = paneOf(desk, 'cam-w3.main');
  expect(desk.clockUs / 1000 - camera.code!.wallMs).toBeGreaterThanOrEqual(0);
  expect(desk.clockUs / 1000 - camera.code!.wallMs).toBeLessThan(40);
});

test('keys move the clock as the list of shortcuts says, with an input method on too', async () => {
  const page = await bench.desk(5);
  const at = async () => ((await readDesk(page)).clockUs - kCalledUs) / kSecond;
  await pressAndSettle(page, 'ArrowRight');
  expect(await at()).toBeCloseTo(10, 3);
  await pressAndSettle(page, 'Shift+ArrowLeft');
  expect(await at()).toBeCloseTo(9, 3);
  await pressAndSettle(page, 'Control+ArrowLeft');
  expect(await at()).toBeCloseTo(-51, 3);
  expect(await paneSays(page, 'cam-w3.main')).toContain('当时尚未接入');
  await pressAndSettle(page, 'KeyC');
  expect(await at()).toBeCloseTo(0, 3);
  await page.evaluate(() => window.dispatchEvent(new KeyboardEvent('keydown', { code: 'Period', key: '。', cancelable: true })));
  await page.waitForFunction((us) => (window as any).__mj.clock_us() > us, kCalledUs);
  await page.evaluate(() => window.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyC', isComposing: true })));
  expect(await at()).toBeGreaterThan(0);
  await page.keyboard.press('Slash');
  await page.keyboard.type('kkk c');
  expect(await page.inputValue('#top-search')).toBe('kkk c');
  await page.keyboard.press('Escape');
  await page.locator('#top-search').blur();
  await page.keyboard.press('Shift+Slash');
  await page.uncheck('dialog[open] input[type=checkbox]');
  await page.keyboard.press('Escape');
  const before = await at();
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(200);
  expect(await at()).toBeCloseTo(before, 3);
});

import { expect, test } from 'vitest';
import { paneOf, play, readDesk, waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kSecond, patience } from '../support/desk';
import { kCalledUs } from '../support/footage.mjs';

// The hall is in the middle of recording: files grow while they are watched.
const bench = new Bench({ now_us: kCalledUs - 4 * kSecond });

test('footage that is still being written plays on without a reload', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/cases/20260105-100137?t=2026-01-05T01:44:48Z`);
  await waitSettled(page);
  await play(page);
  await page.keyboard.press('KeyL');
  let gaps = 0;
  for (let n = 0; n < 90; n++) {
    const { panes } = await readDesk(page);
    gaps += panes.filter((pane: { state: string }) => pane.state === 'gap').length;
    await page.waitForTimeout(100);
  }
  const desk = await readDesk(page);
  const edge_us = bench.hall.now_us() - 6 * kSecond;
  expect(gaps).toBe(0);
  // At twice the speed the clock catches up with the recording, stays just behind it and goes on at its pace.
  expect(Math.abs(desk.clockUs - edge_us)).toBeLessThan(700_000 * patience());
  const camera = paneOf(desk, 'cam-w3.main');
  expect(camera.state).toBe('footage');
  expect(Math.abs(desk.clockUs / 1000 - camera.code!.wallMs)).toBeLessThan(400 * patience());
  expect(paneOf(desk, 'ws-w3.screen').state).toBe('footage');
  expect(await page.locator('button[aria-pressed=true]:has-text("×")').innerText()).toBe('1×');
});

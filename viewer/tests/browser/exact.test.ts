import { expect, test } from 'vitest';
import { clickTimeline, paneOf, pressAndSettle, readDesk } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, frame_start_us, kSecond, percentile } from '../support/desk';
import { kCalledUs } from '../support/footage.mjs';

const bench = new Bench();
const kGap = [20 * kSecond, 26 * kSecond] as const;

/** A fixed sequence, so that a failure comes again. */
function* random(): Generator<number> {
  for (let state = 12345; ; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state / 2147483648;
  }
}

function shot_of(clock_us: number): number {
  const shots = bench.hall.streams['ws-w3.screen'].flatMap((run: any) => run.segments).flatMap((segment: any) => segment.fragments);
  return shots.map((shot: any) => shot.start_us).filter((us: number) => us <= clock_us).pop()!;
}

test('after any click on the timeline every pane shows exactly the frame of that moment', async () => {
  const page = await bench.desk(0, { views: 'cam-hall.main' });
  const parts = random();
  const took: number[] = [];
  for (let n = 0; n < 60; n++) {
    // The view is −30 … +110 s; footage is −19 … +58 s.
    const part = 0.085 + parts.next().value * 0.54;
    const started = performance.now();
    await clickTimeline(page, part);
    took.push(performance.now() - started);
    const desk = await readDesk(page);
    const since = desk.clockUs - kCalledUs;
    const camera = paneOf(desk, 'cam-w3.main');
    if (since >= kGap[0] && since < kGap[1]) {
      expect(camera.state).toBe('gap');
    } else {
      expect.soft(camera.code?.wallMs, `seek ${n} to ${since / 1e6}`).toBe(frame_start_us(desk.clockUs) / 1000);
      expect.soft(camera.shownUs).toBe(frame_start_us(desk.clockUs));
    }
    const hall = paneOf(desk, 'cam-hall.main');
    expect.soft(desk.clockUs / 1000 - hall.code!.wallMs, `hall, seek ${n}`).toBeGreaterThanOrEqual(-0.1);
    expect.soft(desk.clockUs / 1000 - hall.code!.wallMs).toBeLessThan(50.1);
    const screen = paneOf(desk, 'ws-w3.screen');
    if (since < 40 * kSecond || since >= 46 * kSecond) expect.soft(screen.code?.wallMs, `shot, seek ${n} to ${since / 1e6}`).toBe(shot_of(desk.clockUs) / 1000);
    else expect(screen.state).toBe('gap');
  }
  console.log(`60 random exact seeks, three panes: p50 ${percentile(took, 0.5).toFixed(0)} ms, p95 ${percentile(took, 0.95).toFixed(0)} ms`);
  expect(page.problems).toEqual([]);
});

test('frame steps go through every frame, over borders of fragments and files', async () => {
  const page = await bench.desk(9.1);
  let expected = frame_start_us((await readDesk(page)).clockUs) / 1000;
  for (const [key, step] of [['Period', 40], ['Comma', -40]] as const) {
    for (let n = 0; n < 30; n++) {
      await pressAndSettle(page, key);
      expected += step;
      expect(paneOf(await readDesk(page), 'cam-w3.main').code?.wallMs, `${key} ${n}`).toBe(expected);
    }
  }
});

test('a step over a gap lands on the next frame that exists, in its own picture size', async () => {
  const page = await bench.desk(19.99);
  await pressAndSettle(page, 'Period');
  let camera = paneOf(await readDesk(page), 'cam-w3.main');
  expect(camera.code?.wallMs).toBe((kCalledUs + kGap[1]) / 1000);
  expect(await page.evaluate(() => (window as any).__mj.panes[0].video.videoWidth)).toBe(960);
  await pressAndSettle(page, 'Comma');
  camera = paneOf(await readDesk(page), 'cam-w3.main');
  expect(camera.code?.wallMs).toBe((kCalledUs + kGap[0] - 40_000) / 1000);
  expect(await page.evaluate(() => (window as any).__mj.panes[0].video.videoWidth)).toBe(640);
});

test('the keys ; and \' go from shot to shot and take the camera along', async () => {
  const page = await bench.desk(0.5);
  const shots = bench.hall.streams['ws-w3.screen'].flatMap((run: any) => run.segments).flatMap((segment: any) => segment.fragments).map((shot: any) => shot.start_us);
  let at = shots.findIndex((us: number) => us > kCalledUs + 0.5 * kSecond) - 1;
  for (const key of ['Quote', 'Quote', 'Quote', 'Quote', 'Quote', 'Semicolon', 'Semicolon', 'Semicolon']) {
    at += key === 'Quote' ? 1 : -1;
    await pressAndSettle(page, key);
    const desk = await readDesk(page);
    expect(paneOf(desk, 'ws-w3.screen').code?.wallMs).toBe(shots[at] / 1000);
    const camera = paneOf(desk, 'cam-w3.main');
    if (camera.state === 'footage') expect(camera.code?.wallMs).toBe(frame_start_us(desk.clockUs) / 1000);
  }
});

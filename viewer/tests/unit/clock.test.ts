import { expect, test } from 'vitest';
import { correction, SyncClock } from '../../src/lib/sync_clock';

test('runs at its rate, stands when paused, and goes on where it stood', () => {
  let ms = 0;
  const clock = new SyncClock(1_000_000, () => ms);
  ms = 500;
  expect(clock.now_us()).toBe(1_000_000);
  clock.play();
  ms = 1500;
  expect(clock.now_us()).toBe(2_000_000);
  clock.set_rate(4);
  ms = 2000;
  expect(clock.now_us()).toBe(4_000_000);
  clock.pause();
  ms = 9000;
  expect(clock.now_us()).toBe(4_000_000);
  clock.play();
  ms = 9250;
  expect(clock.now_us()).toBe(5_000_000);
});

test('a held clock plays but does not run, and a seek does not let it go', () => {
  let ms = 0;
  const clock = new SyncClock(0, () => ms);
  clock.play();
  clock.hold(true);
  ms = 1000;
  clock.seek(7_000_000);
  ms = 2000;
  expect([clock.now_us(), clock.playing, clock.running]).toEqual([7_000_000, true, false]);
  clock.hold(false);
  ms = 2100;
  expect(clock.now_us()).toBe(7_100_000);
});

test('tells its listeners of changes and of nothing else', () => {
  const clock = new SyncClock(0, () => 0);
  let told = 0;
  const stop = clock.on_change(() => told++);
  clock.play();
  clock.hold(false);
  clock.seek(5);
  stop();
  clock.pause();
  expect(told).toBe(2);
});

test.each([
  [0, 'leave'], [20_000, 'leave'], [-20_000, 'leave'], [21_000, 'nudge'], [-250_000, 'nudge'], [251_000, 'seek'], [-3_000_000, 'seek'],
])('a pane %i µs behind: %s', (behind_us, act) => {
  expect(correction(behind_us, 1).act).toBe(act);
});

test('a nudge is towards the clock and at most ten per cent', () => {
  const rate = (behind_us: number, at = 1) => (correction(behind_us, at) as { rate: number }).rate;
  expect(rate(50_000)).toBeCloseTo(1.05);
  expect(rate(-50_000)).toBeCloseTo(0.95);
  expect(rate(240_000)).toBeCloseTo(1.1);
  expect(rate(240_000, 2)).toBeCloseTo(2.2);
  // At twice the speed the same distance is half the delay.
  expect(correction(40_000, 2).act).toBe('leave');
});

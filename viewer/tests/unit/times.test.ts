import { expect, test } from 'vitest';
import { format_length, format_url_time, kDay, kHour, kMinute, kSecond, parse_url_time, TimeFormat } from '../../src/lib/time_format';
import { ticks, TimelineScale } from '../../src/lib/timeline_scale';

const kCalled = Date.UTC(2026, 0, 5, 1, 45, 12) * 1000 + 40_000;
const shenzhen = new TimeFormat('Asia/Shanghai', 'zh-CN');

test('shows the hall’s time whatever the reader’s zone', () => {
  expect(shenzhen.time(kCalled)).toBe('09:45:12');
  expect(shenzhen.precise(kCalled)).toBe('09:45:12.040');
  expect(shenzhen.date(kCalled)).toBe('2026年1月5日周一');
  expect(new TimeFormat('Asia/Shanghai', 'en').date(kCalled)).toBe('Mon, Jan 5, 2026');
  expect(new TimeFormat('Nowhere/Land', 'en').time(kCalled)).toBe('01:45:12');
});

test('midnight is 00, and a moment of another day carries its date', () => {
  const midnight = Date.UTC(2026, 0, 5, 16, 0, 0) * 1000;
  expect(shenzhen.time(midnight)).toBe('00:00:00');
  expect(shenzhen.moment(kCalled, kCalled + kHour)).toBe('09:45:12');
  expect(shenzhen.moment(midnight, kCalled)).toBe('2026年1月6日周二 00:00:00');
});

test('knows the offset from UTC, on both sides of a change', () => {
  const berlin = new TimeFormat('Europe/Berlin', 'en');
  expect(shenzhen.offset_us(kCalled)).toBe(8 * kHour);
  expect(berlin.offset_us(Date.UTC(2026, 2, 29, 0, 30) * 1000)).toBe(kHour);
  expect(berlin.offset_us(Date.UTC(2026, 2, 29, 1, 30) * 1000)).toBe(2 * kHour);
});

test('a day begins at the hall’s midnight, also where clocks change', () => {
  const berlin = new TimeFormat('Europe/Berlin', 'en');
  expect(shenzhen.day_of(kCalled)).toBe('2026-01-05');
  expect(shenzhen.day_begin_us('2026-01-05')).toBe(Date.UTC(2026, 0, 4, 16) * 1000);
  expect(berlin.day_begin_us('2026-03-29')).toBe(Date.UTC(2026, 2, 28, 23) * 1000);
  expect(berlin.day_begin_us('2026-03-30')).toBe(Date.UTC(2026, 2, 29, 22) * 1000);
  for (const text of ['', '2026-1-5', 'today', '2026-13-01']) expect(shenzhen.day_begin_us(text)).toBeNull();
});

test('a moment survives a URL to the microsecond', () => {
  const moment = kCalled + 123;
  expect(format_url_time(moment)).toBe('2026-01-05T01:45:12.040123Z');
  expect(parse_url_time(format_url_time(moment))).toBe(moment);
  expect(parse_url_time('2026-01-05T01:45:12Z')).toBe(kCalled - 40_000);
  expect(parse_url_time('2026-01-05T01:45:12.5Z')).toBe(kCalled + 460_000);
  for (const text of [null, '', 'now', '2026-01-05', '2026-99-05T01:45:12Z', '2026-01-05T01:45:12+08:00']) expect(parse_url_time(text)).toBeNull();
});

test('lengths', () => {
  expect([0, 42 * kSecond, 808 * kSecond, 3723 * kSecond].map(format_length)).toEqual(['0:00', '0:42', '13:28', '1:02:03']);
});

test('zooming keeps the moment under the pointer, within ten seconds and a day', () => {
  let scale = new TimelineScale(0, 100 * kSecond, 1000);
  const under = scale.us(300);
  scale = scale.zoomed(2, 300);
  expect(scale.us(300)).toBeCloseTo(under, -1);
  expect(scale.length_us).toBe(50 * kSecond);
  expect(scale.zoomed(1e9, 10).length_us).toBe(10 * kSecond);
  expect(scale.zoomed(1e-9, 10).length_us).toBe(kDay);
  expect(new TimelineScale(0, kDay, 1000, 90 * kDay).panned(7).resized(500).zoomed(1e-9, 10).length_us).toBe(90 * kDay);
  expect(scale.x(scale.us(640))).toBeCloseTo(640);
});

test('the view follows a clock that left it', () => {
  const scale = new TimelineScale(0, 100, 10);
  expect(scale.containing(50)).toBe(scale);
  expect(scale.containing(200).from_us).toBe(190);
  expect(scale.panned(5).from_us).toBe(50);
});

test('days have ticks at the hall’s midnight', () => {
  const { at_us, step_us } = ticks(new TimelineScale(kCalled, kCalled + 10 * kDay, 1000), 8 * kHour, 84);
  expect(step_us).toBe(kDay);
  expect(at_us.map((us) => shenzhen.time(us))).toEqual(Array(10).fill('00:00:00'));
  expect(shenzhen.short_day(at_us[0]!)).toBe('1月6日');
});

test('ticks stand at round moments of the hall’s time', () => {
  const scale = new TimelineScale(kCalled, kCalled + 6 * kHour, 800);
  const { step_us, at_us } = ticks(scale, 8 * kHour, 80);
  expect(step_us).toBe(kHour);
  expect(at_us.map((us) => shenzhen.minute(us))).toEqual(['10:00', '11:00', '12:00', '13:00', '14:00', '15:00']);
  const half_hour_zone = ticks(scale, 5.5 * kHour, 80).at_us;
  expect((half_hour_zone[0]! + 5.5 * kHour) % kHour).toBe(0);
  expect(ticks(new TimelineScale(0, 10 * kSecond, 1000), 0, 80).step_us).toBe(kSecond);
  expect(ticks(new TimelineScale(0, kMinute, 1000), 0, 84).step_us).toBe(10 * kSecond);
});

import { kDay, kHour, kMinute, kSecond } from './time_format';

/** A stretch of time on a stretch of pixels. A value: every change makes a new one. */
export class TimelineScale {
  constructor(readonly from_us: number, readonly to_us: number, readonly width_px: number, readonly longest_us = kDay) {}

  static readonly kShortest = 10 * kSecond;

  x(us: number): number {
    return ((us - this.from_us) / (this.to_us - this.from_us)) * this.width_px;
  }

  us(x: number): number {
    return Math.round(this.from_us + (x / Math.max(1, this.width_px)) * (this.to_us - this.from_us));
  }

  get length_us(): number {
    return this.to_us - this.from_us;
  }

  resized(width_px: number): TimelineScale {
    return new TimelineScale(this.from_us, this.to_us, width_px, this.longest_us);
  }

  /** The moment under `x` stays where it is. */
  zoomed(factor: number, x: number): TimelineScale {
    const length = Math.max(TimelineScale.kShortest, Math.min(this.longest_us, this.length_us / factor));
    const fixed = this.us(x);
    const from = fixed - (x / Math.max(1, this.width_px)) * length;
    return new TimelineScale(from, from + length, this.width_px, this.longest_us);
  }

  panned(by_px: number): TimelineScale {
    const by_us = (by_px / Math.max(1, this.width_px)) * this.length_us;
    return new TimelineScale(this.from_us + by_us, this.to_us + by_us, this.width_px, this.longest_us);
  }

  /** Itself while t is in it, else moved so that t stands a tenth in. */
  containing(us: number): TimelineScale {
    if (us >= this.from_us && us <= this.to_us) return this;
    const from = us - this.length_us / 10;
    return new TimelineScale(from, from + this.length_us, this.width_px, this.longest_us);
  }
}

const kSteps = [
  kSecond, 2 * kSecond, 5 * kSecond, 10 * kSecond, 15 * kSecond, 30 * kSecond,
  kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute,
  kHour, 2 * kHour, 3 * kHour, 6 * kHour, 12 * kHour, kDay, 2 * kDay, 7 * kDay, 14 * kDay,
];

/** Round moments of the hall's time, at least `spacing_px` apart. */
export function ticks(scale: TimelineScale, offset_us: number, spacing_px: number): { step_us: number; at_us: number[] } {
  const wanted = (spacing_px / Math.max(1, scale.width_px)) * scale.length_us;
  const step_us = kSteps.find((step) => step >= wanted) ?? 14 * kDay;
  const at_us: number[] = [];
  for (let local = Math.ceil((scale.from_us + offset_us) / step_us) * step_us; local - offset_us <= scale.to_us; local += step_us) {
    at_us.push(local - offset_us);
  }
  return { step_us, at_us };
}

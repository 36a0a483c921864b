/**
 * One clock for all panes: wall time = anchor + elapsed · rate. There is no master pane, so a pane that stalls never
 * stops the others; each pane follows by itself (see correction()). Times are microseconds of UTC.
 * Owner: the review session. Does not: know of panes.
 */
export class SyncClock {
  private anchor_us: number;
  private anchor_ms: number;
  private rate_ = 1;
  private playing_ = false;
  private held_ = false;
  private listeners = new Set<() => void>();

  constructor(start_us: number, private readonly monotonic_ms: () => number = () => performance.now()) {
    this.anchor_us = start_us;
    this.anchor_ms = monotonic_ms();
  }

  now_us(): number {
    if (!this.running) return this.anchor_us;
    return this.anchor_us + (this.monotonic_ms() - this.anchor_ms) * 1000 * this.rate_;
  }

  get rate(): number {
    return this.rate_;
  }

  /** What the reader asked for; a held clock plays but does not run. */
  get playing(): boolean {
    return this.playing_;
  }

  /** Panes are on their way to a new place. */
  get held(): boolean {
    return this.held_;
  }

  get running(): boolean {
    return this.playing_ && !this.held_;
  }

  play(): void {
    this.change(() => (this.playing_ = true));
  }

  pause(): void {
    this.change(() => (this.playing_ = false));
  }

  set_rate(rate: number): void {
    this.change(() => (this.rate_ = rate));
  }

  seek(us: number): void {
    this.change(() => (this.anchor_us = us));
  }

  /** Stands still while the panes fetch the picture of a new place, so that its first moments are seen. */
  hold(held: boolean): void {
    if (held !== this.held_) this.change(() => (this.held_ = held));
  }

  /** Called after every change, never with the passing of time. Returns how to stop. */
  on_change(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private change(apply: () => void): void {
    this.anchor_us = this.now_us();
    this.anchor_ms = this.monotonic_ms();
    apply();
    for (const listener of this.listeners) listener();
  }
}

export type Correction = { act: 'leave' } | { act: 'nudge'; rate: number } | { act: 'seek' };

const kLeaveUs = 20_000;
const kNudgeUs = 250_000;
const kGain = 1; // of playback rate, per second of difference
const kMaxNudge = 0.1;

/**
 * What a pane does about being `behind_us` behind the clock (negative: ahead): up to 20 ms nothing, up to 250 ms it
 * plays up to 10 % faster or slower, beyond that it seeks once.
 */
export function correction(behind_us: number, rate: number): Correction {
  const distance = Math.abs(behind_us) / Math.max(1, rate);
  if (distance <= kLeaveUs) return { act: 'leave' };
  if (distance > kNudgeUs) return { act: 'seek' };
  const nudge = Math.max(-kMaxNudge, Math.min(kMaxNudge, (behind_us / 1e6) * kGain));
  return { act: 'nudge', rate: rate * (1 + nudge) };
}

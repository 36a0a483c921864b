import type { Frame, Piece } from './feeder';
import { last_at_or_before, type Fragment } from './fragment_index';
import { Player, type Plan } from './player';
import { correction } from './sync_clock';
import { kSecond } from './time_format';

/** From here on a camera shows its key frames only: two cores cannot decode everything four times as fast. */
export const kKeyFramesFromRate = 4;

const kBehind = 30 * kSecond;
const kAhead = 20 * kSecond;
const kAheadBytes = 24 * 1024 * 1024;
const kAheadKeys = 12;

/**
 * A camera: plays by itself and is nudged into step with the clock; exact to the frame when the clock stands. While the reader
 * drags or plays fast it is a step function on key frames.
 */
export class GopPlayer extends Player {
  /** The reader drags: any picture near enough, at once. */
  scrubbing = false;

  get keys_only(): boolean {
    const { clock } = this.parts;
    return this.scrubbing || (clock.playing && clock.rate >= kKeyFramesFromRate);
  }

  /**
   * The frame after (1) or before (-1) the one that belongs to t, gaps left out; null while its times are not known,
   * which they are as soon as its bytes are here.
   */
  frame_beside(t_us: number, direction: 1 | -1): Frame | null {
    const { index } = this.parts.facts;
    const here = index.at(t_us) ?? (direction > 0 ? index.after(t_us) : index.before_or_at(t_us));
    const frames = here && this.frames(here);
    if (!here || !frames) return null;
    const at = last_at_or_before(frames, t_us);
    const inside = at >= 0 && t_us < frames[at]!.end_us;
    const beside = frames[direction > 0 || !inside ? at + (direction > 0 ? 1 : 0) : at - 1];
    if (beside) return beside;
    const neighbour = direction > 0 ? index.next(here) : index.previous(here);
    const there = neighbour && this.frames(neighbour);
    return there ? (there[direction > 0 ? 0 : there.length - 1] ?? null) : null;
  }

  protected plan(fragment: Fragment, t_us: number): Plan {
    return this.keys_only ? this.key_plan(fragment) : this.whole_plan(fragment, t_us);
  }

  protected rest_us(plan: Plan, t_us: number): number {
    const last = plan.needed[plan.needed.length - 1]!;
    if (last.form === 'key') return last.fragment.start_us + Math.min(20_000, (last.end_us - last.fragment.start_us) / 2);
    const frames = this.frames(last.fragment);
    if (!frames || frames.length === 0) return t_us;
    const frame = frames[Math.max(0, last_at_or_before(frames, t_us))]!;
    return (frame.start_us + frame.end_us) / 2;
  }

  protected align(t_us: number, plan: Plan): void {
    const { clock } = this.parts;
    if (!clock.running || this.keys_only) {
      this.video.pause();
      this.seek_to(this.rest_us(plan, t_us));
      return;
    }
    if (this.video.seeking) return;
    const behind_us = t_us - this.position_us();
    const { act, ...more } = correction(behind_us, clock.rate);
    if (act === 'seek') this.seek_to(t_us + this.seek_lead_us());
    const rate = 'rate' in more ? more.rate : clock.rate;
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
    if (this.video.paused) this.video.play().catch(() => undefined); // refused only when paused again meanwhile
  }

  private whole_plan(fragment: Fragment, t_us: number): Plan {
    const { index } = this.parts.facts;
    const whole = (piece: Fragment): Piece => ({ fragment: piece, form: 'whole', end_us: piece.end_us });
    const needed = index.chain(fragment).map(whole);
    const ahead: Piece[] = [];
    let bytes = 0;
    let next = index.next(fragment);
    while (next && next.start_us < t_us + kAhead && bytes < kAheadBytes) {
      ahead.push(whole(next));
      bytes += next.video_bytes;
      next = index.next(next);
    }
    const before = index.previous(needed[0]!.fragment);
    // Second in line: a step back must not wait.
    if (before && before.end_us > fragment.start_us - kBehind) ahead.splice(1, 0, ...index.chain(before).map(whole));
    return { needed, ahead, keep_from_us: t_us - kBehind, keep_to_us: t_us + kAhead + 5 * kSecond };
  }

  private key_plan(fragment: Fragment): Plan {
    const { index } = this.parts.facts;
    const pieces: Piece[] = [];
    let key: Fragment | null = index.key_of(fragment);
    while (key && pieces.length <= kAheadKeys) {
      let next = index.next(key);
      while (next && next.key_bytes === 0) next = index.next(next);
      const same_segment = next && next.segment === key.segment;
      pieces.push({ fragment: key, form: 'key', end_us: same_segment ? next!.start_us : key.segment.end_us });
      key = next;
    }
    const last = pieces[pieces.length - 1]!;
    return { needed: pieces.slice(0, 1), ahead: pieces.slice(1), keep_from_us: fragment.start_us - 4 * kBehind, keep_to_us: last.end_us + 4 * kBehind };
  }
}

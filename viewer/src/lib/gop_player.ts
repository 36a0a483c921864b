import type { Frame, Piece } from './feeder';
import { last_at_or_before, type Fragment } from './fragment_index';
import { Player, type Plan } from './player';
import type { Rest } from './projector';
import { correction } from './sync_clock';
import { kSecond } from './time_format';

/** From here on a camera shows its key frames only: two cores cannot decode everything four times as fast. */
export const kKeyFramesFromRate = 4;

const kBehind = 30 * kSecond;
const kAhead = 20 * kSecond;
/** While panes wait for a picture: what a decoder wants to see behind it before it gives it out, and nothing that delays the others. */
const kAheadHeld = kSecond;
const kAheadBytes = 24 * 1024 * 1024;
const kAheadKeys = 12;

/**
 * A camera: plays by itself and is nudged into step with the clock; exact to the frame when the clock stands. While the reader
 * drags or plays fast it is a step function on key frames.
 */
export class GopPlayer extends Player {
  /** The reader drags: any picture near enough, at once. */
  scrubbing = false;

  override get keys_only(): boolean {
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
    const [before, after] = [index.previous(here), index.next(here)];
    const all = [...((before && this.frames(before)) ?? []), ...frames, ...((after && this.frames(after)) ?? [])];
    const at = last_at_or_before(all, t_us);
    if (direction > 0) return all[at + 1] ?? null;
    const inside = at >= 0 && t_us < all[at]!.end_us;
    return all[inside ? at - 1 : at] ?? null;
  }

  protected plan(fragment: Fragment, t_us: number): Plan {
    return this.keys_only ? this.key_plan(fragment) : this.whole_plan(fragment, t_us);
  }

  protected rest(plan: Plan, t_us: number): Rest {
    const last = plan.needed[plan.needed.length - 1]!;
    if (last.form === 'key') return this.front.feeder.rest_in(last);
    const frames = plan.needed.flatMap((piece) => this.frames(piece.fragment) ?? []);
    const last_shown = frames.length - 1 - this.held_back(last.fragment, frames);
    const frame = frames[Math.max(0, Math.min(last_shown, last_at_or_before(frames, t_us)))];
    if (!frame) return { at_us: t_us, frame_us: t_us };
    return { at_us: (frame.start_us + frame.end_us) / 2, frame_us: frame.start_us };
  }

  protected align(t_us: number, plan: Plan): void {
    const { clock } = this.parts;
    const { front } = this;
    if (!clock.running || this.keys_only) {
      front.rest_at(this.rest(plan, t_us));
      return;
    }
    front.let_run();
    const ahead_us = t_us + front.seek_cost_ms * 1000 * clock.rate;
    if (front.must_seek()) return front.seek_to(ahead_us);
    if (front.video.seeking) return;
    const { act, ...more } = correction(t_us - front.position_us, clock.rate);
    if (act === 'seek') front.seek_to(ahead_us);
    const rate = 'rate' in more ? more.rate : clock.rate;
    if (front.video.playbackRate !== rate) front.video.playbackRate = rate;
    if (front.video.paused) front.video.play().catch(() => undefined); // refused only when paused again meanwhile
  }

  private whole_plan(fragment: Fragment, t_us: number): Plan {
    const { index } = this.parts.facts;
    const whole = (piece: Fragment): Piece => ({ fragment: piece, form: 'whole', end_us: piece.end_us });
    const needed = [...this.shown_from_before(fragment, t_us), ...index.chain(fragment)].map(whole);
    const { held } = this.parts.clock;
    const ahead: Piece[] = [];
    let bytes = 0;
    let group_end = -1; // where in `ahead` the group of pictures of t is complete
    for (let next = index.next(fragment); next && next.start_us < t_us + kAhead && bytes < kAheadBytes; next = index.next(next)) {
      if (held && next.key_bytes > 0 && next.start_us > t_us + kAheadHeld) break; // no group in part
      if (next.key_bytes > 0 && group_end < 0) group_end = ahead.length;
      ahead.push(whole(next));
      bytes += next.video_bytes;
    }
    const before = held ? null : index.previous(needed[0]!.fragment);
    // A step back must not wait; but what was begun is ended first, or it would have to be given anew.
    const back = before && before.end_us > fragment.start_us - kBehind ? index.chain(before).map(whole) : [];
    if (group_end >= 0) ahead.splice(group_end, 0, ...back);
    return { needed, ahead, at_hand: group_end >= 0 ? [] : back, keep_from_us: t_us - kBehind, keep_to_us: t_us + kAhead + 5 * kSecond };
  }

  /**
   * A decoder gives out a B-frame stream's frames only when it has been fed later ones. Before a gap there are none, so the
   * last frames there cannot be shown.
   */
  private held_back(fragment: Fragment, frames: Frame[]): number {
    const first = this.frames(fragment)?.[0];
    const delay_us = first ? first.start_us - fragment.start_us : 0;
    const next = this.parts.facts.index.next(fragment);
    if (!first || delay_us < 1000 || (next && next.start_us - fragment.end_us < 1000)) return 0;
    return Math.min(frames.length - 1, Math.ceil(delay_us / (first.end_us - first.start_us)));
  }

  /** With B-frames a fragment's first picture is shown a little after its start: until then it is the fragment before. */
  private shown_from_before(fragment: Fragment, t_us: number): Fragment[] {
    const { index } = this.parts.facts;
    const first = this.frames(fragment)?.[0];
    const before = first && t_us < first.start_us ? index.previous(fragment) : null;
    return before && before.end_us >= fragment.start_us - 1000 ? index.chain(before) : [];
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
    return { needed: pieces.slice(0, 1), ahead: pieces.slice(1), at_hand: [], keep_from_us: fragment.start_us - 4 * kBehind, keep_to_us: last.end_us + 4 * kBehind };
  }
}

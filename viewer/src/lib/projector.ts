import { Feeder } from './feeder';
import { MediaFeed } from './media_feed';
import type { PlayerParts } from './player';
import { kDay } from './time_format';

/** Where to stand, inside a frame and away from its edges, and when that frame begins. */
export interface Rest {
  at_us: number;
  frame_us: number;
}

const kSameFrame = 2_000;
/** A seek that takes longer, or shows another frame for so long, is asked for again; each time with more patience. */
const kStuckMs = 1_000;
const kMissesToRenew = 3;

/**
 * One <video> with its feed: stands on frames, seeks, and knows which frame is really on the screen. Pieces of one form only
 * (see Form) go through one projector, for a browser that has once seen a picture of two seconds takes later jumps of that length for
 * holes in one sequence. Owner: a player. A seek that hangs or misses is repeated; after three the feed is built anew.
 */
export class Projector {
  readonly video: HTMLVideoElement;
  feeder: Feeder;

  private frame_us: number | null = null;
  /** The frame that was sought last, while the clock stands. */
  private wanted_us: number | null = null;
  private seek_ms = 0;
  private seek_epoch = -1;
  private misses = 0;
  private last_seek_cost_ms = 60;
  private closed = false;

  /** `changed` is called when something arrived on the screen or in the feed, or failed to. */
  constructor(private readonly parts: PlayerParts, t_us: number, private readonly changed: (error: unknown) => void) {
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.disablePictureInPicture = true;
    this.video.tabIndex = -1;
    this.video.addEventListener('seeked', () => {
      this.last_seek_cost_ms = performance.now() - this.seek_ms;
      this.changed(null);
    });
    this.video.addEventListener('loadeddata', () => this.changed(null));
    this.feeder = this.new_feeder(t_us);
    this.watch_frames();
  }

  /** Start of the frame on the screen, by the browser's own account. */
  get shown_us(): number | null {
    return this.frame_us;
  }

  get position_us(): number {
    return this.feeder.feed.us(this.video.currentTime);
  }

  /** How long a seek takes here: a running clock will have gone on by that much. */
  get seek_cost_ms(): number {
    return Math.min(300, this.last_seek_cost_ms);
  }

  holds(t_us: number): boolean {
    return this.feeder.feed.holds(t_us);
  }

  rest_at(rest: Rest): void {
    if (this.wanted_us !== rest.frame_us) this.misses = 0;
    this.wanted_us = rest.frame_us;
    this.video.pause();
    this.seek_to(rest.at_us);
  }

  /** The clock runs: no frame in particular is wanted. */
  let_run(): void {
    this.wanted_us = null;
  }

  seek_to(us: number): void {
    const seconds = this.feeder.feed.seconds(us);
    if (!this.must_seek()) {
      if (this.video.seeking || Math.abs(this.video.currentTime - seconds) < 0.0005) return;
      this.misses = 0;
    } else if (this.seek_epoch === this.feeder.epoch && ++this.misses >= kMissesToRenew) {
      this.renew(us);
      return;
    }
    this.seek_ms = performance.now();
    this.seek_epoch = this.feeder.epoch;
    this.video.currentTime = seconds;
  }

  /** The last seek hangs or missed, or what it sought was taken out and given anew. */
  must_seek(): boolean {
    if (this.seek_epoch !== this.feeder.epoch) return true;
    if (performance.now() - this.seek_ms < kStuckMs * (1 + this.misses)) return false;
    return this.video.seeking || (this.wanted_us !== null && this.video.readyState >= 2 && !this.settled());
  }

  /** `seeked` comes before the picture is on the screen, so the frame's own account counts. A hidden page has none. */
  settled(): boolean {
    if (this.video.seeking || this.video.readyState < 2) return false;
    if (this.wanted_us === null || document.hidden) return true;
    return this.frame_us !== null && Math.abs(this.frame_us - this.wanted_us) < kSameFrame;
  }

  /** A new MediaSource: the old one broke, or the moment is outside its days. */
  renew(t_us: number): void {
    this.feeder.feed.close();
    this.frame_us = null;
    this.seek_epoch = -1;
    this.misses = 0;
    this.feeder = this.new_feeder(t_us);
  }

  close(): void {
    this.closed = true;
    this.feeder.feed.close();
    this.video.remove();
  }

  private new_feeder(t_us: number): Feeder {
    const { stream, facts, store, tables } = this.parts;
    const feed = new MediaFeed(this.video, Math.floor(t_us / kDay - 1) * kDay);
    const feeder = new Feeder(stream.key, feed, facts.index, store, tables, (error) => {
      if (feeder === this.feeder && !this.closed) this.changed(error);
    });
    void feed.open().then(() => this.changed(null));
    return feeder;
  }

  private watch_frames(): void {
    const { video } = this;
    if (!video.requestVideoFrameCallback) {
      // Such a browser says only where it stands; what was sought counts as shown.
      for (const event of ['timeupdate', 'seeked']) video.addEventListener(event, () => (this.frame_us = this.wanted_us ?? this.position_us));
      return;
    }
    const note = (_now: number, frame: { mediaTime: number }) => {
      this.frame_us = this.feeder.feed.us(frame.mediaTime);
      if (this.wanted_us !== null) this.changed(null);
      if (!this.closed) video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }
}

/**
 * One <video> fed through Media Source Extensions so that media time = wall time − base, whichever file the bytes come
 * from. Operations are done one after the other. Owner: a player. Throws what the browser throws, after having made room
 * once when it says QuotaExceededError. Does not: know what to append, or when.
 */
export class MediaFeed {
  readonly video: HTMLVideoElement;
  /** Set when the browser gave up on the stream; only a new feed helps. */
  failed: string | null = null;

  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private init_of: string | null = null;
  private mime = '';
  private closed = false;

  constructor(video: HTMLVideoElement, readonly base_us: number) {
    this.video = video;
    video.onerror = () => (this.failed = video.error?.message || `media error ${video.error?.code ?? ''}`);
  }

  /** It can be fed. Not from the beginning: the browser takes a moment to open a source. */
  get is_open(): boolean {
    return this.source !== null;
  }

  /** How far from `base_us` a feed reaches. The browser must know a length to let us seek ahead of what is buffered. */
  static readonly kSpanSeconds = 4 * 86_400;

  seconds(us: number): number {
    return (us - this.base_us) / 1e6;
  }

  us(seconds: number): number {
    return this.base_us + Math.round(seconds * 1e6);
  }

  holds(us: number): boolean {
    const seconds = this.seconds(us);
    return seconds >= 3600 && seconds < MediaFeed.kSpanSeconds - 3600;
  }

  async open(): Promise<void> {
    const source = new MediaSource();
    const url = URL.createObjectURL(source);
    const opened = new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
    this.video.src = url;
    await opened;
    URL.revokeObjectURL(url);
    if (this.closed) return;
    source.duration = MediaFeed.kSpanSeconds;
    this.source = source;
  }

  /** Appends an init segment if it is not the one in force. `id` names its run. */
  async use_init(id: string, mime: string, bytes: Uint8Array): Promise<void> {
    if (this.init_of === id) return;
    if (!this.source) throw new Error('the feed is closed');
    if (!this.buffer) {
      this.buffer = this.source.addSourceBuffer(mime);
      this.buffer.mode = 'segments';
    } else if (this.mime !== mime) {
      this.buffer.changeType(mime);
    }
    this.mime = mime;
    await this.do((buffer) => buffer.appendBuffer(bytes as BufferSource));
    this.init_of = id;
  }

  /** Appends whole fragments of the file whose decode time zero is `zero_us`. */
  async append(bytes: Uint8Array, zero_us: number, around_us: number): Promise<void> {
    const once = () =>
      this.do((buffer) => {
        buffer.timestampOffset = this.seconds(zero_us);
        buffer.appendBuffer(bytes as BufferSource);
      });
    try {
      await once();
    } catch (error) {
      if ((error as Error).name !== 'QuotaExceededError') throw error;
      await this.keep(around_us - 4e6, around_us + 8e6);
      await once();
    }
  }

  /**
   * What comes next does not follow what came last. Without being told, Chromium takes a jump of up to twice the longest frame so far for a
   * hole in one sequence, and clears away whatever lies in it.
   */
  break_off(): void {
    if (this.source?.readyState === 'open' && this.buffer && !this.buffer.updating) this.buffer.abort();
  }

  /** Throws away everything outside [from, to). */
  async keep(from_us: number, to_us: number): Promise<void> {
    await this.remove(this.base_us, from_us);
    await this.remove(to_us, Infinity);
  }

  /** Throws away [from, to). */
  async remove(from_us: number, to_us: number): Promise<void> {
    const from = Math.max(0, this.seconds(from_us));
    const to = Math.max(0, this.seconds(to_us));
    if (from < to && this.buffered_anything(from, to)) await this.do((buffer) => buffer.remove(from, to));
  }

  is_buffered(us: number): boolean {
    if (!this.buffer) return false;
    const seconds = this.seconds(us);
    const ranges = this.buffer.buffered;
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) <= seconds && seconds < ranges.end(i)) return true;
    return false;
  }

  close(): void {
    this.closed = true;
    this.video.onerror = null;
    this.video.removeAttribute('src');
    this.video.load();
    this.buffer = null;
    this.source = null;
  }

  private buffered_anything(from: number, to: number): boolean {
    if (!this.buffer) return false;
    const ranges = this.buffer.buffered;
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) < to && ranges.end(i) > from) return true;
    return false;
  }

  private do(act: (buffer: SourceBuffer) => void): Promise<void> {
    const buffer = this.buffer;
    if (this.closed || !buffer) return Promise.reject(new Error('the feed is closed'));
    return new Promise((resolve, reject) => {
      const done = (event: Event) => {
        buffer.removeEventListener('updateend', done);
        buffer.removeEventListener('error', done);
        if (event.type === 'error') {
          this.failed ??= 'the browser could not read the footage';
          reject(new Error(this.failed));
        } else {
          resolve();
        }
      };
      buffer.addEventListener('updateend', done);
      buffer.addEventListener('error', done);
      try {
        act(buffer);
      } catch (error) {
        buffer.removeEventListener('updateend', done);
        buffer.removeEventListener('error', done);
        reject(error);
      }
    });
  }
}

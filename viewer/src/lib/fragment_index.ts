/**
 * The fragment index of one stream: which moments are in which bytes of which file. The binary form is in
 * server/openapi.yaml (`/streams/{stream}/index`); all times here are microseconds of UTC.
 */

/** A fragment of a file, or, in files that are closed, several that follow each other. */
export interface Fragment {
  segment: Segment;
  /** Position in its segment. */
  n: number;
  start_us: number;
  /** The next fragment's start, or the segment's end. */
  end_us: number;
  /** Bytes into the segment's file. */
  offset: number;
  /** Up to the end of the last picture; sound may lie between pictures. */
  video_bytes: number;
  /** Up to the end of the first sample, or a little further, if it is a key frame; else 0. */
  key_bytes: number;
}

export interface Segment {
  start_us: number;
  end_us: number;
  run_start_us: number;
  /** Still being written: may have grown at the next look. */
  open: boolean;
  fragments: Fragment[];
}

const kHeaderBytes = 16;
const kSegmentBytes = 32;
const kFragmentBytes = 14;
const kMagic = 0x4d4a4931; // "MJI1"

function u24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

function read_segment(view: DataView, at: number): { segment: Segment; first_offset: number; count: number } {
  const start_us = Number(view.getBigInt64(at, true));
  const segment: Segment = {
    start_us,
    run_start_us: Number(view.getBigInt64(at + 8, true)),
    end_us: start_us + view.getUint32(at + 16, true),
    open: (view.getUint32(at + 28, true) & 1) !== 0,
    fragments: [],
  };
  return { segment, first_offset: view.getUint32(at + 20, true), count: view.getUint32(at + 24, true) };
}

function read_fragments(view: DataView, at: number, segment: Segment, first_offset: number, count: number): void {
  let offset = first_offset;
  for (let n = 0; n < count; n++, at += kFragmentBytes) {
    const video_bytes = view.getUint32(at + 4, true);
    const start_us = segment.start_us + view.getUint32(at, true);
    const previous = segment.fragments[n - 1];
    if (previous) previous.end_us = start_us;
    segment.fragments.push({
      segment,
      n,
      start_us,
      end_us: segment.end_us,
      offset,
      video_bytes,
      key_bytes: Math.min(u24(view, at + 8), video_bytes),
    });
    offset += video_bytes + u24(view, at + 11);
  }
}

/** Throws RangeError when the bytes are not an index. */
export function parse_fragment_index(bytes: ArrayBuffer): Segment[] {
  const view = new DataView(bytes);
  if (bytes.byteLength < kHeaderBytes || view.getUint32(0, false) !== kMagic) throw new RangeError('not a fragment index');
  const segment_count = view.getUint32(4, true);
  const fragment_count = view.getUint32(8, true);
  if (bytes.byteLength !== kHeaderBytes + segment_count * kSegmentBytes + fragment_count * kFragmentBytes) {
    throw new RangeError('fragment index of a wrong length');
  }
  const segments: Segment[] = [];
  let fragments_at = kHeaderBytes + segment_count * kSegmentBytes;
  for (let i = 0; i < segment_count; i++) {
    const { segment, first_offset, count } = read_segment(view, kHeaderBytes + i * kSegmentBytes);
    if (fragments_at + count * kFragmentBytes > bytes.byteLength) throw new RangeError('fragment index of a wrong length');
    read_fragments(view, fragments_at, segment, first_offset, count);
    fragments_at += count * kFragmentBytes;
    segments.push(segment);
  }
  return segments;
}

/** The last position whose start is ≤ t, or -1. `items` are sorted by start. */
export function last_at_or_before(items: readonly { start_us: number }[], t_us: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.start_us <= t_us) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * A closed file's list is coarser than the one that was followed while it was written. What is known keeps its places, because bytes
 * of it are in caches and in the browser; of the closed list only what comes behind is taken, of a place that began before only the rest.
 */
function continued(old: Segment, closed: Segment): Segment {
  const last = old.fragments[old.fragments.length - 1];
  if (!last) return closed;
  const known_to = last.offset + last.video_bytes;
  const fragments = [...old.fragments];
  for (const next of closed.fragments) {
    const end = next.offset + next.video_bytes;
    if (next.offset >= known_to) fragments.push(next);
    else if (end > known_to) fragments.push({ ...next, start_us: old.end_us, offset: known_to, video_bytes: end - known_to, key_bytes: 0 });
  }
  const segment: Segment = { ...closed, fragments: [] };
  segment.fragments = fragments.map((fragment, n) => ({ ...fragment, segment, n, end_us: fragments[n + 1]?.start_us ?? closed.end_us }));
  return segment;
}

/**
 * What is known of a stream so far. Grows by merge(); never forgets, so that a fragment keeps its identity (its
 * segment's start and its offset) while the page is open.
 */
export class FragmentIndex {
  segments: Segment[] = [];

  /** Takes newer knowledge; returns whether anything changed. A segment that grew replaces its former self. */
  merge(newer: readonly Segment[]): boolean {
    let changed = false;
    for (const segment of newer) {
      const at = last_at_or_before(this.segments, segment.start_us);
      const old = this.segments[at];
      if (old && old.start_us === segment.start_us) {
        if (old.open && !segment.open) {
          this.segments[at] = continued(old, segment);
          changed = true;
          continue;
        }
        if (old.fragments.length > segment.fragments.length) continue;
        if (old.fragments.length === segment.fragments.length && old.end_us === segment.end_us && old.open === segment.open) continue;
        this.segments[at] = segment;
      } else {
        this.segments.splice(at + 1, 0, segment);
      }
      changed = true;
    }
    return changed;
  }

  /** The fragment that covers t. */
  at(t_us: number): Fragment | null {
    const fragment = this.before_or_at(t_us);
    return fragment && t_us < fragment.end_us ? fragment : null;
  }

  /** The newest fragment that starts at or before t, however long ago. */
  before_or_at(t_us: number): Fragment | null {
    for (let s = last_at_or_before(this.segments, t_us); s >= 0; s--) {
      const fragments = this.segments[s]!.fragments;
      const n = last_at_or_before(fragments, t_us);
      if (n >= 0) return fragments[n]!;
    }
    return null;
  }

  /** The first fragment that starts after t. */
  after(t_us: number): Fragment | null {
    for (let s = Math.max(0, last_at_or_before(this.segments, t_us)); s < this.segments.length; s++) {
      const fragments = this.segments[s]!.fragments;
      const next = fragments[last_at_or_before(fragments, t_us) + 1];
      if (next) return next;
    }
    return null;
  }

  next(fragment: Fragment): Fragment | null {
    return this.after(fragment.start_us);
  }

  previous(fragment: Fragment): Fragment | null {
    return this.before_or_at(fragment.start_us - 1);
  }

  /** Nearest fragment at or before this one, in the same segment, that begins with a key frame. Files begin with one. */
  key_of(fragment: Fragment): Fragment {
    const fragments = fragment.segment.fragments;
    for (let n = fragment.n; n >= 0; n--) if (fragments[n]!.key_bytes > 0) return fragments[n]!;
    return fragments[0]!;
  }

  /** What must be decoded to show this fragment: from its key frame up to it. */
  chain(fragment: Fragment): Fragment[] {
    return fragment.segment.fragments.slice(this.key_of(fragment).n, fragment.n + 1);
  }

  /** End of the newest fragment, or null while nothing is known. */
  end_us(): number | null {
    const last = this.segments[this.segments.length - 1];
    return last ? last.end_us : null;
  }
}

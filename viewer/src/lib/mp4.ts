/**
 * The little that a player must know of ISO base media files (ISO/IEC 14496-12): the exact times of the samples of a
 * fragment, and how to make a fragment of one sample that lasts as long as we say. Throws RangeError on bytes that are not what they
 * should be; never reads outside them.
 */

export interface TrackInfo {
  timescale: number;
  track_id: number;
  /** `trex` defaults (§8.8.3). */
  default_duration: number;
  default_size: number;
}

export interface Sample {
  /** Presentation time, ticks since decode time zero of the file. */
  pts: number;
  dts: number;
  duration: number;
  /** Into the fragment's bytes. */
  offset: number;
  size: number;
}

interface Box {
  type: string;
  start: number;
  /** First byte of the content. */
  body: number;
  end: number;
}

function view_of(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function* boxes(view: DataView, begin: number, end: number): Generator<Box> {
  let at = begin;
  while (at + 8 <= end) {
    let size = view.getUint32(at);
    let body = at + 8;
    if (size === 1) {
      size = Number(view.getBigUint64(at + 8));
      body = at + 16;
    } else if (size === 0) {
      size = end - at;
    }
    if (size < body - at || at + size > end) throw new RangeError('a box is longer than its place');
    const type = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5), view.getUint8(at + 6), view.getUint8(at + 7));
    yield { type, start: at, body, end: at + size };
    at += size;
  }
}

function find(view: DataView, parent: Box | null, path: string[]): Box | null {
  let box: Box | null = parent;
  for (const type of path) {
    let found: Box | null = null;
    for (const child of boxes(view, box ? box.body : 0, box ? box.end : view.byteLength)) {
      if (child.type === type) {
        found = child;
        break;
      }
    }
    if (!found) return null;
    box = found;
  }
  return box;
}

function need(box: Box | null, what: string): Box {
  if (!box) throw new RangeError(`no ${what} box`);
  return box;
}

/** Of the first track of an init segment. */
export function parse_init(bytes: Uint8Array): TrackInfo {
  const view = view_of(bytes);
  const mdhd = need(find(view, null, ['moov', 'trak', 'mdia', 'mdhd']), 'mdhd');
  const tkhd = need(find(view, null, ['moov', 'trak', 'tkhd']), 'tkhd');
  const trex = find(view, null, ['moov', 'mvex', 'trex']);
  const track_id = view.getUint32(tkhd.body + (view.getUint8(tkhd.body) === 1 ? 20 : 12));
  return {
    timescale: view.getUint32(mdhd.body + (view.getUint8(mdhd.body) === 1 ? 20 : 12)),
    track_id,
    default_duration: trex ? view.getUint32(trex.body + 12) : 0,
    default_size: trex ? view.getUint32(trex.body + 16) : 0,
  };
}

interface Defaults {
  duration: number;
  size: number;
}

/** `tfhd` (§8.8.7): optional fields follow in the order of their flags. */
function read_tfhd(view: DataView, tfhd: Box, track: TrackInfo): Defaults {
  const flags = view.getUint32(tfhd.body) & 0xffffff;
  let at = tfhd.body + 8;
  if (flags & 0x01) at += 8;
  if (flags & 0x02) at += 4;
  const result = { duration: track.default_duration, size: track.default_size };
  if (flags & 0x08) {
    result.duration = view.getUint32(at);
    at += 4;
  }
  if (flags & 0x10) result.size = view.getUint32(at);
  return result;
}

/** `trun` (§8.8.8). */
function read_trun(view: DataView, trun: Box, moof: Box, defaults: Defaults, state: { dts: number; offset: number }, out: Sample[]): void {
  const version = view.getUint8(trun.body);
  const flags = view.getUint32(trun.body) & 0xffffff;
  const count = view.getUint32(trun.body + 4);
  let at = trun.body + 8;
  if (flags & 0x001) {
    state.offset = moof.start + view.getInt32(at);
    at += 4;
  }
  if (flags & 0x004) at += 4;
  for (let i = 0; i < count; i++) {
    let { duration, size } = defaults;
    let shift = 0;
    if (flags & 0x100) { duration = view.getUint32(at); at += 4; }
    if (flags & 0x200) { size = view.getUint32(at); at += 4; }
    if (flags & 0x400) at += 4;
    if (flags & 0x800) { shift = version === 0 ? view.getUint32(at) : view.getInt32(at); at += 4; }
    if (at > trun.end) throw new RangeError('trun is too short');
    out.push({ pts: state.dts + shift, dts: state.dts, duration, offset: state.offset, size });
    state.dts += duration;
    state.offset += size;
  }
}

/**
 * The samples of the video track of a piece of footage, in decode order: one fragment or several that follow each other, sound between
 * them or not. `bytes` may end early (only the first sample fetched).
 */
export function read_samples(bytes: Uint8Array, track: TrackInfo): Sample[] {
  const view = view_of(bytes);
  const samples: Sample[] = [];
  let any = false;
  for (const moof of moofs_of(view)) {
    any = true;
    for (const traf of boxes(view, moof.body, moof.end)) {
      if (traf.type !== 'traf') continue;
      const tfhd = need(find(view, traf, ['tfhd']), 'tfhd');
      if (view.getUint32(tfhd.body + 4) !== track.track_id) continue;
      const tfdt = need(find(view, traf, ['tfdt']), 'tfdt');
      const dts = view.getUint8(tfdt.body) === 1 ? Number(view.getBigUint64(tfdt.body + 4)) : view.getUint32(tfdt.body + 4);
      const defaults = read_tfhd(view, tfhd, track);
      const state = { dts, offset: moof.start };
      for (const trun of boxes(view, traf.body, traf.end)) {
        if (trun.type === 'trun') read_trun(view, trun, moof, defaults, state, samples);
      }
    }
  }
  if (!any) throw new RangeError('no moof box');
  return samples;
}

/** Ends at what is cut off: a moof, or the mdat behind one. */
function* moofs_of(view: DataView): Generator<Box> {
  for (let at = 0; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at);
    const is_moof = view.getUint32(at + 4) === 0x6d6f6f66;
    if (size < 8 || (is_moof && at + size > view.byteLength)) return;
    if (is_moof) yield { type: 'moof', start: at, body: at + 8, end: at + size };
    at += size;
  }
}

function is_of(view: DataView, moof: Box, track: TrackInfo): boolean {
  const tfhd = find(view, moof, ['traf', 'tfhd']);
  return tfhd !== null && view.getUint32(tfhd.body + 4) === track.track_id;
}

/**
 * The same without the fragments of other tracks: a browser refuses what the init segment does not name. The very same bytes when
 * there are none.
 */
export function pictures_only(bytes: Uint8Array, track: TrackInfo): Uint8Array {
  const view = view_of(bytes);
  const parts: Uint8Array[] = [];
  let foreign = false;
  let from = 0;
  for (const box of boxes(view, 0, view.byteLength)) {
    if (box.type === 'moof') foreign = !is_of(view, box, track);
    else if (box.type !== 'mdat') foreign = false;
    if (!foreign) continue;
    if (box.start > from) parts.push(bytes.subarray(from, box.start));
    from = box.end;
  }
  if (from === 0) return bytes;
  parts.push(bytes.subarray(from));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const kSyncSample = 0x02000000;
const kOtherSample = 0x01010000;
const kHeadBytes = 88; // of a moof, up to its samples
const kSampleBytes = 12;
const kTrunFlags = 0x701; // data offset; per sample: duration, size, flags

/** One picture of a shot: its bytes and how long it is shown, ticks. */
export interface Picture {
  payload: Uint8Array;
  duration: number;
}

/**
 * A fragment of pictures in a row from `time` on, the last of which lasts as long as we say: `moof(mfhd traf(tfhd tfdt trun)) mdat`.
 * A step function on screen shots and key frames needs pictures without holes between them, which the files do not have: a
 * shot's file says its nominal duration, and a key frame's says that of one frame. A shot has more than one picture where its
 * file begins with it: those before the last are shown for a tick each, so that it can be decoded.
 */
export function picture_fragment(track_id: number, time: number, pictures: readonly Picture[], sync: boolean): Uint8Array {
  const moof_bytes = kHeadBytes + kSampleBytes * pictures.length;
  const payload_bytes = pictures.reduce((sum, { payload }) => sum + payload.length, 0);
  const bytes = new Uint8Array(moof_bytes + 8 + payload_bytes);
  const view = view_of(bytes);
  let at = 0;
  const words = (...values: number[]) => {
    for (const value of values) view.setUint32((at += 4) - 4, value);
  };
  const open = (size: number, type: string) => {
    words(size);
    for (let i = 0; i < 4; i++) bytes[at++] = type.charCodeAt(i);
  };
  open(moof_bytes, 'moof');
  open(16, 'mfhd');
  words(0, 1);
  open(moof_bytes - 24, 'traf');
  open(16, 'tfhd');
  words(0x020000, track_id); // default-base-is-moof
  open(20, 'tfdt');
  words(0x01000000, Math.floor(time / 2 ** 32), time >>> 0);
  open(moof_bytes - 68, 'trun');
  words(kTrunFlags, pictures.length, moof_bytes + 8);
  pictures.forEach(({ payload, duration }, n) => words(duration, payload.length, sync && n === 0 ? kSyncSample : kOtherSample));
  open(8 + payload_bytes, 'mdat');
  for (const { payload } of pictures) {
    bytes.set(payload, at);
    at += payload.length;
  }
  return bytes;
}

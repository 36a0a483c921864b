// Real footage for the tests: H.264 in fragmented MP4, made once by ffmpeg from Debian's sample video with the painted code in
// every picture, cut into segment files as the storage law wants them. Kept under node_modules/.cache.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paintCode } from '../../../tests/e2e/painted_code.mjs';

const kSample = '/usr/share/doc/opencv-doc/examples/data/vtest.avi';
const kFont = '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc';
const here = dirname(fileURLToPath(import.meta.url));

/** 09:45 in Shenzhen on 5 January 2026: when the ticket of the tests is called. */
export const kCalledUs = Date.UTC(2026, 0, 5, 1, 45, 0) * 1000;
const kSecond = 1_000_000;

function run(args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-threads', '2', ...args], { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'inherit'] });
    const out = [];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(Buffer.concat(out)) : reject(new Error(`ffmpeg ended with ${code}`))));
    if (input) void feed(child.stdin, input).catch(reject);
  });
}

async function feed(pipe, pictures) {
  for (const picture of pictures) if (!pipe.write(picture)) await new Promise((resolve) => pipe.once('drain', resolve));
  pipe.end();
}

function* boxes(bytes) {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    yield { type: bytes.toString('latin1', at + 4, at + 8), bytes: bytes.subarray(at, at + size) };
    at += size;
  }
}

/** {init, fragments: [{bytes, dts, key_bytes}]} of an ffmpeg fMP4 of one track; dts in ticks. */
function take_apart(file) {
  const result = { init: Buffer.alloc(0), fragments: [] };
  let moof = null;
  for (const box of boxes(file)) {
    if (box.type === 'ftyp' || box.type === 'moov') result.init = Buffer.concat([result.init, box.bytes]);
    if (box.type === 'moof') moof = box.bytes;
    if (box.type === 'mdat') result.fragments.push(fragment_of(moof, box.bytes));
  }
  return result;
}

function fragment_of(moof, mdat) {
  const tfdt = moof.indexOf('tfdt') + 4;
  const trun = moof.indexOf('trun') + 4;
  const flags = moof.readUInt32BE(trun) & 0xffffff;
  const first = trun + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
  const size_at = first + (flags & 0x100 ? 4 : 0);
  const tfhd = moof.indexOf('tfhd') + 4;
  const first_size = flags & 0x200 ? moof.readUInt32BE(size_at) : moof.readUInt32BE(tfhd + 8 + (moof.readUInt32BE(tfhd) & 8 ? 4 : 0));
  const sample_flags = flags & 4 ? moof.readUInt32BE(first - 4) : moof.readUInt32BE(moof.indexOf('tfhd') + 4 + default_flags_at(moof));
  return {
    bytes: Buffer.concat([moof, mdat]),
    dts: Number(moof.readBigUInt64BE(tfdt + 4)),
    tfdt_at: tfdt + 4,
    key_bytes: sample_flags & 0x10000 ? 0 : moof.length + 8 + first_size,
  };
}

/** Where tfhd, from its version on, has the flags that all its samples share. */
function default_flags_at(moof) {
  const flags = moof.readUInt32BE(moof.indexOf('tfhd') + 4) & 0xffffff;
  return 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0) + (flags & 8 ? 4 : 0) + (flags & 0x10 ? 4 : 0);
}

/** A box that players must skip, as the recorder writes one before each fragment. */
function prft() {
  const box = Buffer.alloc(32);
  box.writeUInt32BE(32, 0);
  box.write('prft', 4, 'latin1');
  box.writeUInt32BE(0x01000000, 8);
  box.writeUInt32BE(1, 12);
  return box;
}

let sample_pictures = null;

async function sample(width, height) {
  sample_pictures ??= new Map();
  const name = `${width}x${height}`;
  if (!sample_pictures.has(name)) {
    const raw = await run(['-i', kSample, '-vf', `scale=${width}:${height}`, '-frames:v', '120', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-']);
    const bytes = (width * height * 3) / 2;
    sample_pictures.set(name, Array.from({ length: raw.length / bytes }, (_, n) => raw.subarray(n * bytes, (n + 1) * bytes)));
  }
  return sample_pictures.get(name);
}

/** A run of a camera: frames from start_us on at `fps`, painted, in fragments of one group of pictures or less, in files of `segment_s`. */
async function camera_run({ start_us, seconds, fps, gop, width, height, b_frames, segment_s, fragment_ms = 0 }) {
  const pictures = await sample(width, height);
  const count = seconds * fps;
  function* painted() {
    for (let n = 0; n < count; n++) {
      const picture = Buffer.from(pictures[n % pictures.length]);
      paintCode(picture, width, (start_us + (n * kSecond) / fps) / 1000, n);
      yield picture;
    }
  }
  const file = await run([
    '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`, '-framerate', String(fps), '-i', 'pipe:0',
    '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '26', '-bf', String(b_frames), '-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0',
    '-video_track_timescale', '90000', '-movflags', 'empty_moov+default_base_moof+frag_keyframe', '-use_editlist', '0',
    ...(fragment_ms ? ['-frag_duration', String(fragment_ms * 1000)] : []), '-f', 'mp4', '-',
  ], painted());
  const { init, fragments } = take_apart(file);
  const shift_us = b_frames ? await first_pts_us(file) : 0;
  const timed = fragments.map((fragment) => ({ ...fragment, start_us: start_us - shift_us + Math.round((fragment.dts * 1e6) / 90000) }));
  return cut(init, timed, start_us - shift_us, start_us - shift_us + seconds * kSecond, segment_s * kSecond);
}

/** With B-frames the first picture is shown later than it is decoded. */
async function first_pts_us(file) {
  const { fragments } = take_apart(file);
  const { bytes } = fragments[0];
  const trun = bytes.indexOf('trun') + 4;
  const flags = bytes.readUInt32BE(trun) & 0xffffff;
  let at = trun + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
  for (const bit of [0x100, 0x200, 0x400]) if (flags & bit) at += 4;
  return flags & 0x800 ? Math.round((bytes.readInt32BE(at) * 1e6) / 90000) : 0;
}

/** Fragments to segment files, each with its own decode time zero. */
function cut(init, fragments, start_us, end_us, length_us, nominal_us = 0) {
  const segments = [];
  for (const fragment of fragments) {
    let segment = segments[segments.length - 1];
    if (!segment || (fragment.key_bytes > 0 && fragment.start_us - segment.start_us >= length_us)) {
      if (segment) segment.end_us = fragment.start_us;
      segment = { start_us: fragment.start_us, run_start_us: start_us, end_us, nominal_us, parts: [Buffer.from(init)], fragments: [], size: init.length };
      segments.push(segment);
    }
    const bytes = Buffer.from(fragment.bytes);
    bytes.writeBigUInt64BE(BigInt(Math.round(((fragment.start_us - segment.start_us) * 9) / 100)), fragment.tfdt_at);
    const whole = Buffer.concat([prft(), bytes]);
    segment.parts.push(whole);
    segment.fragments.push({ start_us: fragment.start_us, video_bytes: whole.length, key_bytes: fragment.key_bytes ? fragment.key_bytes + 32 : 0 });
  }
  return { init, segments: segments.map(({ parts, size, ...rest }) => ({ ...rest, header_bytes: size, file: Buffer.concat(parts) })) };
}

const kShotsPerKey = 4;
const kNominalUs = 5 * kSecond;

/** A workstation's screen: an approval form, lossless 4:4:4, one fragment a shot, at uneven intervals. */
async function screen_run({ shots_us, end_us, width, height, segment_s }) {
  const lines = ['政务服务审批系统  社会保险登记', '办件编号  20260105-100137', '申请人  张某某', '身份证号  44030119900101****', '事项  社会保险登记', '材料核验  已上传 3 项', '审批意见  '];
  const text = lines.map((line, n) => `drawtext=fontfile=${kFont}:text='${line}':x=90:y=${110 + n * 74}:fontsize=${n ? 30 : 38}:fontcolor=0x203040`);
  const boxes_drawn = lines.slice(1).map((_line, n) => `drawbox=x=70:y=${168 + n * 74}:w=900:h=60:color=0xb8c4cc:t=2`);
  const filter = [`drawbox=x=0:y=0:w=iw:h=90:color=0x2f5f8a:t=fill`, ...boxes_drawn, ...text].join(',');
  const base = await run(['-f', 'lavfi', '-i', `color=c=0xf2f5f7:s=${width}x${height}:d=1:r=1`, '-vf', `${filter},format=yuv444p`, '-frames:v', '1', '-f', 'rawvideo', '-']);
  const pictures = shots_us.map((us, n) => {
    const picture = Buffer.from(base);
    paintCode(picture, width, us / 1000, n);
    for (let y = 640; y < 680; y++) picture.fill(60, y * width + 90, y * width + 100 + n * 24);
    return picture;
  });
  const file = await run([
    '-f', 'rawvideo', '-pix_fmt', 'yuv444p', '-video_size', `${width}x${height}`, '-framerate', '1', '-i', 'pipe:0',
    '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-bf', '0', '-g', String(kShotsPerKey), '-keyint_min', String(kShotsPerKey), '-sc_threshold', '0', '-tune', 'zerolatency',
    '-video_track_timescale', '90000', '-movflags', 'empty_moov+default_base_moof+frag_every_frame', '-use_editlist', '0', '-f', 'mp4', '-',
  ], pictures);
  const { init, fragments } = take_apart(file);
  if (fragments.length !== shots_us.length) throw new Error(`${fragments.length} fragments for ${shots_us.length} shots`);
  const timed = fragments.map((fragment, n) => {
    const bytes = Buffer.from(fragment.bytes);
    set_duration(bytes, (kNominalUs * 9) / 100);
    return { ...fragment, bytes, start_us: shots_us[n], key_bytes: n % kShotsPerKey ? 0 : fragment.key_bytes };
  });
  return cut(init, timed, shots_us[0], end_us, segment_s * kSecond, kNominalUs);
}

/** What a recorder knows of a shot when it writes it: the cadence, not when the next one will come. */
function set_duration(bytes, ticks) {
  const tfhd = bytes.indexOf('tfhd') + 4;
  const trun = bytes.indexOf('trun') + 4;
  const flags = bytes.readUInt32BE(trun) & 0xffffff;
  if (flags & 0x100) bytes.writeUInt32BE(ticks, trun + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0));
  else if (bytes.readUInt32BE(tfhd) & 8) bytes.writeUInt32BE(ticks, tfhd + 8);
  else throw new Error('a fragment without a duration');
}

const kShotSteps = [5, 5, 1.2, 3.3, 5, 0.8, 5, 11, 5, 5, 2.1, 5];

function shot_times(from_s, to_s) {
  const times = [];
  for (let at = from_s, n = 0; at < to_s; at += kShotSteps[n++ % kShotSteps.length]) times.push(kCalledUs + Math.round(at * 1000) * 1000);
  return times;
}

const kCamera = { fps: 25, gop: 50, width: 640, height: 360, b_frames: 0, segment_s: 10 };

/** All streams of the fake hall. Times are from the call: footage −20 … +60 s with the camera's gap at +20 … +26 s. */
async function make_all() {
  const at = (s) => kCalledUs + s * kSecond;
  return {
    'cam-w3.main': [
      // Four fragments to a group of pictures, as the recorder makes them.
      await camera_run({ ...kCamera, start_us: at(-20), seconds: 40, fragment_ms: 500 }),
      await camera_run({ ...kCamera, start_us: at(26), seconds: 34, width: 960, height: 540 }),
    ],
    'cam-hall.main': [await camera_run({ ...kCamera, start_us: at(-19.6), seconds: 78, fps: 20, gop: 40, b_frames: 2, segment_s: 15 })],
    'ws-w3.screen': [
      await screen_run({ shots_us: shot_times(-20, 38), end_us: at(40), width: 1280, height: 720, segment_s: 25 }),
      await screen_run({ shots_us: shot_times(46, 60), end_us: at(60), width: 1280, height: 720, segment_s: 25 }),
    ],
  };
}

function pack(streams) {
  const files = [];
  const described = {};
  for (const [key, runs] of Object.entries(streams)) {
    described[key] = runs.map(({ init, segments }) => ({
      init: files.push(init) - 1,
      segments: segments.map(({ file, ...rest }) => ({ ...rest, file: files.push(file) - 1 })),
    }));
  }
  return { files, described };
}

/** {key: [{init: Buffer, segments: [{start_us, end_us, run_start_us, header_bytes, fragments, file: Buffer}]}]} */
export async function footage() {
  const version = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url))).digest('hex').slice(0, 12);
  const directory = join(here, '../../node_modules/.cache/footage', version);
  const list = join(directory, 'streams.json');
  if (!existsSync(list)) {
    const { files, described } = pack(await make_all());
    mkdirSync(directory, { recursive: true });
    files.forEach((file, n) => writeFileSync(join(directory, `${n}.mp4`), file));
    writeFileSync(`${list}.part`, JSON.stringify(described));
    renameSync(`${list}.part`, list);
  }
  const streams = JSON.parse(readFileSync(list, 'utf8'));
  const load = (n) => readFileSync(join(directory, `${n}.mp4`));
  for (const runs of Object.values(streams)) {
    for (const one of runs) {
      one.init = load(one.init);
      for (const segment of one.segments) segment.file = load(segment.file);
    }
  }
  return streams;
}

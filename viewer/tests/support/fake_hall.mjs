// A hall without cameras: the API of server/openapi.yaml over made footage, with the built pages in front. It knows just enough to
// prove the pages in a real browser, and can be told to be slow, to fail and to be in the middle of recording.
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fake_status } from './fake_facts.mjs';
import { Failure, FakeIndex } from './fake_index.mjs';
import { footage, kCalledUs } from './footage.mjs';

const kPolicy = "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const kSecond = 1_000_000;

/** What is posted, by a page that says it is ours. */
async function body_of(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  if (request.headers['x-mingjing'] !== '1') throw new Failure(403, 'denied', 'X-Mingjing is missing');
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

/** MSE must be asked for the profile and level that are really in the avcC. */
function mime_of(init) {
  const at = init.indexOf('avcC') + 4;
  return `video/mp4; codecs="avc1.${init.subarray(at + 1, at + 4).toString('hex')}"`;
}

/** As index/joined.h: a closed camera file is told by places of up to 2 s, key frames a little too long. */
function joined(fragments, end_us) {
  const places = [];
  fragments.forEach((next, n) => {
    const next_end_us = fragments[n + 1]?.start_us ?? end_us;
    const last = places[places.length - 1];
    const fits = last && next_end_us - last.start_us <= 2_100_000;
    if (fits && (!next.key_bytes || (last.key_bytes && next.start_us - last.start_us < 1_500_000))) last.video_bytes += next.video_bytes;
    else places.push({ ...next });
  });
  const step = Math.max(1, Math.floor(Math.min(...places.filter(({ key_bytes }) => key_bytes).map(({ key_bytes }) => key_bytes)) / 8));
  for (const place of places) place.key_bytes = Math.min(Math.ceil(place.key_bytes / step) * step, place.video_bytes);
  return places;
}

function end_of_open({ nominal_us }, fragments, next_us) {
  if (fragments.length === 0) return 0;
  return nominal_us ? fragments[fragments.length - 1].start_us + nominal_us : next_us[fragments.length - 1];
}

export class FakeHall {
  /** What tests turn: extra milliseconds before each answer, and which paths fail. */
  delay_ms = 0;
  /** @type {RegExp | null} */
  failing = null;
  first_sign_in = false;
  /** @type {{method?: string, path: string, range: string}[]} */
  requests = [];
  url = '';

  /** `now_us`: the hall's time when it starts; footage after it appears as time goes on. */
  constructor(dist, { now_us = kCalledUs + 3600 * kSecond } = {}) {
    this.dist = dist;
    this.started_us = now_us;
    this.started_ms = performance.now();
    this.forget();
  }

  /** Whatever people said of links is as before. */
  forget() {
    this.found = new FakeIndex(() => this.now_us());
  }

  now_us() {
    return Math.round(this.started_us + (performance.now() - this.started_ms) * 1000);
  }

  async start() {
    this.streams = await footage();
    // The same pictures under other names: a camera whose main stream no browser here can play, and its sub stream.
    this.streams['cam-w5.main'] = this.streams['cam-hall.main'];
    this.streams['cam-w5.sub'] = this.streams['cam-hall.main'];
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url);
    this.requests.push({ method: request.method, path: url.pathname, range: request.headers.range ?? '' });
    response.setHeader('Content-Security-Policy', kPolicy);
    try {
      if (!url.pathname.startsWith('/api/')) return this.page(url.pathname, response);
      response.setHeader('Cache-Control', 'no-store');
      if (this.delay_ms) await new Promise((resolve) => setTimeout(resolve, this.delay_ms));
      if (this.failing?.test(url.pathname)) throw new Failure(503, 'unavailable', 'the store is away');
      await this.api(request, url, response);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      response.writeHead(error.status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { kind: error.kind, message: error.message }, ...error.more }));
    }
  }

  page(path, response) {
    let file = join(this.dist, normalize(path));
    if (!file.startsWith(this.dist) || !statSync(file, { throwIfNoEntry: false })?.isFile()) file = join(this.dist, 'index.html');
    response.writeHead(200, { 'Content-Type': kTypes[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  }

  async api(request, url, response) {
    const path = url.pathname.replace('/api/v1', '');
    const json = (value, headers = {}) => {
      response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    if (path.startsWith('/sign-')) return this.sign(path, request, json, response);
    if (!/mj=open/.test(request.headers.cookie ?? '')) {
      throw new Failure(401, 'denied', 'no session', { first_sign_in: this.first_sign_in });
    }
    if (path === '/me') return json(this.me());
    if (path === '/streams') return json(fake_status(this.now_us()));
    if (path === '/lanes') {
      const [from, to, px] = ['from', 'to', 'px'].map((name) => Number(url.searchParams.get(name)));
      return json({ streams: this.lanes(from, to, px), visits: this.found.at_windows(from, to) });
    }
    const found = this.found.answer(path, url.searchParams, request.method === 'POST' ? await body_of(request) : null);
    if (found) return json(found);
    const stream = /^\/streams\/([^/]+)\/(.+)$/.exec(path);
    if (!stream) throw new Failure(404, 'not_found', 'no such thing');
    return this.stream(decodeURIComponent(stream[1]), stream[2], url, request, response, json);
  }

  me() {
    return { login: 'li', display_name: '李明', hall: { id: 'hall', name: '坪山政务大厅', timezone: 'Asia/Shanghai' }, server_time_us: this.now_us(), version: '0.1.0' };
  }

  async sign(path, request, json, response) {
    const body = await body_of(request);
    if (path === '/sign-out') {
      response.writeHead(204, { 'Set-Cookie': 'mj=; Max-Age=0; Path=/' });
      return response.end();
    }
    if (path === '/sign-in/first') {
      if (body.token !== 'ABCD-EFGH') throw new Failure(403, 'denied', 'wrong token');
      this.first_sign_in = false;
    } else if (body.password === 'too-often') {
      throw new Failure(429, 'denied', 'too many');
    } else if (body.password !== 'correct horse') {
      throw new Failure(401, 'denied', 'wrong login or password');
    }
    json(this.me(), { 'Set-Cookie': 'mj=open; Path=/; HttpOnly; SameSite=Strict' });
  }

  async stream(key, what, url, request, response, json) {
    const runs = this.streams[key];
    if (!runs) throw new Failure(404, 'not_found', 'no such stream');
    const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
    if (what === 'index') return this.index(runs, from, to, response);
    if (what === 'coverage') return json(this.coverage(key, runs, from, to));
    if (what === 'shots') return json({ shots: this.shots(runs, from, to) });
    const init = /^runs\/(\d+)\/init$/.exec(what);
    if (init) {
      const run = runs.find((one) => one.segments[0].run_start_us === Number(init[1]));
      response.writeHead(200, { 'Content-Type': key === 'cam-w5.main' ? 'video/mp4; codecs="hvc1.1.6.L93.B0"' : mime_of(run.init) });
      return response.end(run.init);
    }
    const segment = /^segments\/(\d+)$/.exec(what);
    const file = runs.flatMap((run) => run.segments).find((one) => one.start_us === Number(segment?.[1]))?.file;
    if (!file) throw new Failure(404, 'not_found', 'no such segment');
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range);
    response.writeHead(206, { 'Content-Type': 'video/mp4', 'Content-Range': `bytes ${first}-${last}/${file.length}` });
    response.end(file.subarray(Number(first), Number(last) + 1));
  }

  /** Segments as they are now: what is still to come is not there yet. */
  segments(runs, from, to) {
    const durable_us = this.now_us() - kSecond;
    return runs.flatMap((run) => run.segments).map((segment) => {
      const next_us = segment.fragments.map((_fragment, n) => segment.fragments[n + 1]?.start_us ?? segment.end_us);
      // A shot is there as soon as it is taken, and stands for its cadence while nothing follows.
      const ends = segment.nominal_us ? segment.fragments.map(({ start_us }) => start_us + 200_000) : next_us;
      const fragments = segment.fragments.filter((_fragment, n) => ends[n] <= durable_us);
      const open = fragments.length < segment.fragments.length;
      const told = open || segment.nominal_us ? fragments : joined(fragments, segment.end_us);
      return { ...segment, fragments: told, open, end_us: open ? end_of_open(segment, fragments, next_us) : segment.end_us };
    }).filter(({ fragments, start_us, end_us }) => fragments.length && start_us < to && end_us > from);
  }

  index(runs, from, to, response) {
    const segments = this.segments(runs, from, to);
    const count = segments.reduce((sum, { fragments }) => sum + fragments.length, 0);
    const out = Buffer.alloc(16 + 32 * segments.length + 14 * count);
    out.write('MJI1', 0, 'latin1');
    out.writeUInt32LE(segments.length, 4);
    out.writeUInt32LE(count, 8);
    let at = 16 + 32 * segments.length;
    segments.forEach((segment, n) => {
      const head = 16 + 32 * n;
      out.writeBigInt64LE(BigInt(segment.start_us), head);
      out.writeBigInt64LE(BigInt(segment.run_start_us), head + 8);
      out.writeUInt32LE(segment.end_us - segment.start_us, head + 16);
      out.writeUInt32LE(segment.header_bytes, head + 20);
      out.writeUInt32LE(segment.fragments.length, head + 24);
      out.writeUInt32LE(segment.open ? 1 : 0, head + 28);
      for (const fragment of segment.fragments) {
        out.writeUInt32LE(fragment.start_us - segment.start_us, at);
        out.writeUInt32LE(fragment.video_bytes, at + 4);
        out.writeUIntLE(fragment.key_bytes, at + 8, 3);
        out.writeUIntLE(0, at + 11, 3);
        at += 14;
      }
    });
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
    response.end(out);
  }

  coverage(key, runs, from, to) {
    const segments = this.segments(runs, from, to);
    const spans = [];
    for (const { start_us, end_us } of segments) {
      const last = spans[spans.length - 1];
      if (last && last[1] === start_us) last[1] = end_us;
      else spans.push([start_us, end_us]);
    }
    const cause = key.endsWith('.screen') ? 'agent_away' : 'camera_unreachable';
    const gaps = [];
    for (let n = 0; n + 1 < spans.length; n++) gaps.push({ begin_us: spans[n][1], end_us: spans[n + 1][0], cause, detail: 'connection lost' });
    if (spans.length) gaps.unshift({ begin_us: from, end_us: spans[0][0], cause: 'not_yet_configured', detail: '' });
    const last = runs[runs.length - 1].segments;
    const end_us = last[last.length - 1].end_us;
    if (end_us < this.now_us() - 5 * kSecond) gaps.push({ begin_us: end_us, end_us: null, cause: 'shutdown', detail: 'stopped' });
    return { footage: spans, gaps };
  }

  /** As the ledger tells it, each stream in at most `px` pieces: a gap is never lost in one. */
  lanes(from, to, px) {
    return fake_status(this.now_us()).streams.map(({ key }) => {
      const { footage, gaps } = this.coverage(key, this.streams[key] ?? this.streams['cam-hall.main'], from, to);
      const pieces = [...footage.map(([begin, end]) => [begin, end, 'footage']), ...gaps.map(({ begin_us, end_us, cause }) => [begin_us, end_us ?? Math.min(to, this.now_us()), ...(cause === 'not_yet_configured' ? ['not_configured'] : ['gap', cause])])];
      const kind = key.split('.')[1];
      // Who works at the screen stops half way through each stretch.
      const presence = kind !== 'screen' ? undefined : footage.flatMap(([begin, end]) => [[begin, (begin + end) / 2, 'input'], [(begin + end) / 2, end, 'idle']]).filter(([begin, end]) => begin < to && end > from);
      return { stream: key, kind, presence, coverage: pieces.filter(([begin, end]) => begin < to && end > from).sort((a, b) => a[0] - b[0]).slice(0, px) };
    });
  }

  shots(runs, from, to) {
    return this.segments(runs, from, to).flatMap(({ fragments }) => fragments).filter(({ start_us }) => start_us >= from && start_us < to).map(({ start_us }, n) => (
      { at_us: start_us, title: `社会保险登记 20260105-100137 第 ${n + 1} 步 - 政务服务审批系统`, program: 'chromium', idle_ms: n % 5 ? 800 : 75_000 }));
  }
}

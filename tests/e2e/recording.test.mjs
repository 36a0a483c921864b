// What happens to footage when things break: kill -9, a wrong camera, a plain player. Real processes, real files, no browser.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Hall } from '../support/hall.mjs';
import { Api, nowUs, until } from './api.mjs';

const kSecond = 1_000_000;
/** Without these ffmpeg counts frames in a guessed frame rate and complains of its own rounding. */
const exactTimes = ['-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
const mains = ['cam-w1.main', 'cam-w2.main', 'cam-lobby.main'];
let hall;
let api;
let begunUs;

before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mingjing-recording-'));
  begunUs = nowUs();
  hall = new Hall({ dir, bin: process.env.MJ_BIN, segmentSeconds: 6, desktop: false });
  await hall.start();
  api = await new Api(hall).signInFirst();
});

after(async () => {
  await hall?.stop();
  if (hall) rmSync(hall.dir, { recursive: true, force: true });
});

const cameraStreams = async () => (await api.streams()).streams.filter((stream) => stream.kind !== 'screen');
const footage = async (stream, fromUs, toUs = nowUs() + kSecond) => (await api.coverage(stream, fromUs, toUs)).footage;

test('every stream records, with footage in every second', async () => {
  const begun = nowUs();
  const streams = await until('all streams recording', async () => {
    const all = await cameraStreams();
    return all.every((stream) => stream.state === 'recording') && all;
  });
  assert.deepEqual(streams.map((stream) => stream.key).sort(), [...mains, 'cam-w1.sub'].sort());
  await until('14 s of footage', async () => {
    const spans = await footage('cam-w1.main', begun);
    return spans.length > 0 && spans.at(-1)[1] - spans[0][0] > 14 * kSecond;
  });
  for (const stream of mains) assert.equal((await footage(stream, begun)).length, 1, `${stream} has a hole`);
});

test('kill -9 costs at most 1 s of each camera and recording resumes in less than 5 s', async (t) => {
  const killed = nowUs();
  await hall.daemon.stop('SIGKILL');
  const restarted = nowUs();
  await hall.startDaemon();
  for (const stream of mains) {
    const spans = await until(`${stream} to record again`, async () => {
      const found = await footage(stream, killed - 30 * kSecond);
      return found.length > 1 && found;
    });
    const lost = (killed - spans.at(-2)[1]) / kSecond;
    const resumed = (spans.at(-1)[0] - restarted) / kSecond;
    t.diagnostic(`${stream}: lost ${lost.toFixed(2)} s, recording again ${resumed.toFixed(2)} s after the restart`);
    assert.ok(lost <= 1, `${stream} lost ${lost} s`);
    assert.ok(resumed < 5, `${stream} resumed after ${resumed} s`);
    const { gaps } = await api.coverage(stream, killed - 2 * kSecond, nowUs());
    assert.deepEqual(gaps.map((gap) => gap.cause), ['lost_in_crash']);
  }
});

test('a camera that goes away is a gap with a cause, and its return ends the gap', async () => {
  await hall.cameras.stop();
  const status = await until('the page to say so', async () => {
    const all = await cameraStreams();
    return all.every((stream) => stream.state === 'waiting') && all;
  });
  for (const stream of status) assert.ok(stream.detail.length > 0, `${stream.key} says nothing`);
  const gap = await until('the gap', async () => {
    const { gaps } = await api.coverage('cam-w1.main', nowUs() - 5 * kSecond, nowUs() + kSecond);
    return gaps.find(({ cause }) => cause === 'camera_unreachable');
  });
  assert.equal(gap.end_us, null);
  const { status: health } = await api.ask('GET', '/healthz');
  assert.equal(health, 503);
  await hall.startCameras({ port: hall.rtspPort });
  await until('recording again', async () => (await cameraStreams()).every((stream) => stream.state === 'recording'));
});

test('mingjing coverage accounts for every second, beside the daemon', () => {
  const from = new Date(begunUs / 1000 - 5000).toISOString();
  const run = (...more) => spawnSync(hall.program('server/mingjing'), ['coverage', '--config', hall.configFile, ...more], { encoding: 'utf8' });
  const told = run('--from', from, '--json');
  assert.equal(told.status, 1, told.stdout + told.stderr); // there are gaps: the crash, the camera
  const { streams } = JSON.parse(told.stdout);
  assert.ok(streams.length >= mains.length);
  for (const { stream, footage_us, missing_us, missing_by_cause_us, until_us } of streams) {
    assert.equal(footage_us + missing_us, until_us - Date.parse(from) * 1000, `${stream} does not sum to 100 %`);
    assert.equal(Object.values(missing_by_cause_us).reduce((sum, us) => sum + us, 0), missing_us);
  }
  const camera = streams.find(({ stream }) => stream === mains[0]);
  assert.ok(camera.missing_by_cause_us.lost_in_crash > 0, JSON.stringify(camera.missing_by_cause_us));
  assert.ok(camera.missing_by_cause_us.not_yet_configured > 0, JSON.stringify(camera.missing_by_cause_us));
  const one = run('--from', from, '--stream', mains[0]);
  assert.match(one.stdout, /lost_in_crash/);
  const wrong = run('--from', 'yesterday');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--from.*2026-11-21T09:45:12/);
});

test('mingjing tells what the index takes and how it is made, beside the daemon', () => {
  const run = (...args) => spawnSync(hall.program('server/mingjing'), args, { encoding: 'utf8' });
  const size = run('index-size', '--config', hall.configFile, '--json');
  assert.equal(size.status, 0, size.stdout + size.stderr);
  const { tables, bytes: whole } = JSON.parse(size.stdout);
  assert.ok(tables.find(({ table }) => table === 'segments').rows > 0, size.stdout);
  assert.ok(tables.reduce((sum, { bytes, index_bytes }) => sum + bytes + index_bytes, 0) <= whole, size.stdout);
  assert.match(run('index-size', '--config', hall.configFile).stdout, /^table +rows +MB[^]*segments[^]*index\.db [0-9.]+ MB/);
  const schema = run('sql-schema');
  assert.equal(schema.status, 0, schema.stderr);
  for (const { table } of tables.filter(({ table }) => !/_words_|sqlite_/.test(table))) assert.match(schema.stdout, new RegExp(`CREATE TABLE ${table} `));
});

test('mingjing check finds nothing after a clean stop', async () => {
  const { code } = await hall.daemon.stop();
  assert.equal(code, 0, 'mingjingd did not stop cleanly');
  const check = spawnSync(hall.program('server/mingjing'), ['check', '--config', hall.configFile, '--hashes', '--json'], { encoding: 'utf8' });
  assert.equal(check.status, 0, check.stdout + check.stderr);
});

test('a plain player plays every finished segment without a complaint', () => {
  const files = readdirSync(hall.path('store'), { recursive: true, withFileTypes: true }).filter((file) => file.name.endsWith('.mp4'));
  assert.ok(files.length >= 8, `only ${files.length} segments`);
  for (const file of files) {
    const played = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', join(file.parentPath ?? file.path, file.name), ...exactTimes, '-f', 'null', '-'], { encoding: 'utf8' });
    assert.equal(played.status, 0, `${file.name}: ${played.stderr}`);
    assert.equal(played.stderr, '', `${file.name}: ${played.stderr}`);
  }
});

// A whole service hall on this machine: cameras, a workstation's desktop with its agent, a queue system, and the real
// mingjingd in the middle. config/demo.sh shows it to people, tests/e2e drives it. Nothing in the product knows of it.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** A port nobody listens on right now. */
export function freePort(wanted = 0) {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', (error) => (wanted ? done(freePort(0)) : failed(error)));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** One child process. It dies with this one (setpriv --pdeathsig), its output goes to a file and to whoever waits for a line. */
class Child {
  constructor(name, command, args, { log, env = {} }) {
    this.name = name;
    this.lines = [];
    this.waiting = [];
    this.process = spawn('setpriv', ['--pdeathsig', 'TERM', command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      detached: true, // Ctrl-C goes to us alone; we stop the children in order
    });
    this.exited = new Promise((done) => this.process.once('exit', (code, signal) => done({ code, signal })));
    this.exited.then(() => this.#settle());
    const file = createWriteStream(log, { flags: 'a' });
    for (const stream of [this.process.stdout, this.process.stderr]) this.#read(stream, file);
  }

  #read(stream, file) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      file.write(text);
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      this.lines.push(...parts);
      this.#settle();
    });
  }

  #settle() {
    const over = this.process.exitCode !== null || this.process.signalCode !== null;
    this.waiting = this.waiting.filter(({ pattern, done, failed }) => {
      const line = this.lines.find((candidate) => pattern.test(candidate));
      if (line) done(line.match(pattern));
      else if (over) failed(new Error(`${this.name} ended early:\n${this.lines.slice(-8).join('\n')}`));
      return !line && !over;
    });
  }

  /** Resolves with the match of the first output line that fits. */
  line(pattern, timeoutMs = 30000) {
    return new Promise((done, failed) => {
      const late = () => failed(new Error(`${this.name}: no ${pattern} within ${timeoutMs} ms:\n${this.lines.slice(-8).join('\n')}`));
      const timer = setTimeout(late, timeoutMs);
      const settled = (finish) => (value) => (clearTimeout(timer), finish(value));
      this.waiting.push({ pattern, done: settled(done), failed: settled(failed) });
      this.#settle();
    });
  }

  get alive() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async stop(signal = 'SIGTERM', patienceMs = 12000) {
    if (this.alive) this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), patienceMs);
    const result = await this.exited;
    clearTimeout(timer);
    return result;
  }
}

/** The hall. `bin` is a build directory; `dir` receives configuration, secrets, logs, index and footage. */
export class Hall {
  constructor({ dir, bin, port = 0, segmentSeconds = 60, feedSeconds = 40, desktop = true, fresh = false }) {
    Object.assign(this, { dir: resolve(dir), bin: resolve(bin), wantedPort: port, segmentSeconds, feedSeconds, desktop });
    if (fresh) rmSync(this.dir, { recursive: true, force: true });
    for (const folder of ['secrets', 'log', 'store']) mkdirSync(join(this.dir, folder), { recursive: true, mode: 0o700 });
    this.children = [];
  }

  program(path) {
    const file = join(this.bin, path);
    if (!existsSync(file)) throw new Error(`${file} is not built; run config/demo.sh or tests/run.sh`);
    return file;
  }

  run(name, command, args, env) {
    const child = new Child(name, command, args, { log: join(this.dir, 'log', `${name}.log`), env });
    this.children.push(child);
    return child;
  }

  path(...parts) {
    return join(this.dir, ...parts);
  }

  secret(name) {
    const file = this.path('secrets', name);
    if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex') + '\n', { mode: 0o600 });
    return file;
  }

  async start() {
    await this.startCameras();
    if (this.desktop) await this.startDesktop();
    this.port = await freePort(this.wantedPort);
    this.writeConfig();
    await this.startDaemon();
    if (this.desktop) await this.startAgent();
    this.startFeed();
  }

  async startCameras({ port } = {}) {
    this.rtspPort = port ?? (await freePort());
    const cameras = [
      'name=w1,width=1280,height=720,fps=10,sub=640x360',
      'name=w2,width=1280,height=720,fps=10,audio=alaw',
      'name=lobby,width=1280,height=720,fps=10',
    ];
    const args = ['--port', String(this.rtspPort), ...cameras.flatMap((camera) => ['--camera', camera])];
    this.cameras = this.run('cameras', this.program('tests/support/camera_server'), args);
    await this.cameras.line(/listening on (rtsp:\/\/\S+)/);
  }

  async startDesktop() {
    this.currentCase = this.path('current.json');
    writeFileSync(this.currentCase, '{}\n');
    this.workstation = this.run('desktop', 'bash', [join(root, 'tests/support/workstation/desktop.sh'), '--current', this.currentCase]);
    [, this.display] = await this.workstation.line(/DISPLAY=(:\d+)/, 60000);
  }

  camera(id, name, place, url, extra = '') {
    return `[[cameras]]\nid = "${id}"\nname = "${name}"\n${place}\nurl = "rtsp://127.0.0.1:${this.rtspPort}/${url}"\n${extra}` +
      'purpose = "记录窗口办事过程,用于投诉核查"\nlegal_basis = "《公共安全视频图像信息系统管理条例》"\n';
  }

  writeConfig() {
    const rtsp = `rtsp://127.0.0.1:${this.rtspPort}`;
    const text = [
      `data_directory = "${this.path('data')}"`,
      '[hall]\nid = "demo"\nname = "示范政务服务大厅"\ntimezone = "Asia/Shanghai"',
      '[[areas]]\nid = "lobby"\nname = "办事大厅"',
      '[[windows]]\nid = "w1"\nname = "1号窗口"\narea = "lobby"',
      '[[windows]]\nid = "w2"\nname = "2号窗口"\narea = "lobby"',
      '[[clerks]]\nid = "1037"\nname = "张敏"\n[[clerks]]\nid = "1042"\nname = "李建国"',
      this.camera('cam-w1', '1号窗口摄像机', 'window = "w1"', 'w1', `sub_url = "${rtsp}/w1/sub"\n`),
      this.camera('cam-w2', '2号窗口摄像机', 'window = "w2"', 'w2'),
      this.camera('cam-lobby', '大厅全景', 'area = "lobby"', 'lobby'),
      `[[workstations]]\nid = "ws-w1"\nname = "1号窗口工位电脑"\nwindow = "w1"\nclerk = "1037"`,
      `[[feeds]]\nid = "queue"\ntoken_file = "${this.secret('queue')}"`,
      `[[stores]]\nid = "s1"\npath = "${this.path('store')}"`,
      `[storage]\nsegment_seconds = ${this.segmentSeconds}`,
      `[server]\nlisten = "127.0.0.1:${this.port}"`,
    ].join('\n');
    this.configFile = this.path('hall.toml');
    writeFileSync(this.configFile, text + '\n', { mode: 0o600 });
  }

  async startDaemon() {
    this.daemon = this.run('mingjingd', this.program('server/mingjingd'), ['--config', this.configFile]);
    [, this.url] = await this.daemon.line(/listening on (https?:\/\/\S+)/);
    const told = this.daemon.lines.map((line) => line.match(/first sign-in token: (\S+)/)).find(Boolean);
    this.firstToken = told ? told[1] : '';
  }

  /** The certificate that the daemon made for itself; agents and feeds trust it and nothing else. */
  get caFile() {
    return this.path('data', 'server.crt');
  }

  /** As an operator and a clerk do it: a code, an enrolment, then the agent. */
  async startAgent() {
    const program = this.program('capture/mingjing-agent');
    const state = ['--state-directory', this.path('agent')];
    const enrolment = this.path('agent', 'enrolment.json');
    if (!existsSync(enrolment) || JSON.parse(readFileSync(enrolment)).server !== this.url) {
      rmSync(this.path('agent'), { recursive: true, force: true }); // the port is another one now
      const asked = this.run('code', this.program('server/mingjing'), ['agent', 'enrol', 'ws-w1', '--config', this.configFile]);
      const [, code] = await asked.line(/--code (\S+)/);
      const args = ['enrol', ...state, '--server', this.url, '--ca-file', this.caFile, '--code', code];
      await this.run('enrolment', program, args).line(/enrolled as ws-w1/);
    }
    this.agent = this.run('agent', program, ['run', ...state, '--display', this.display]);
  }

  startFeed() {
    const args = ['--server', this.url, '--ca-file', this.caFile, '--token-file', this.secret('queue'), '--window', 'w1', '--window', 'w2',
      '--clerk', '1037', '--clerk', '1042', '--interval', String(this.feedSeconds)];
    if (this.desktop) args.push('--current', this.currentCase);
    this.feed = this.run('feed', this.program('tests/support/case_feed'), args);
  }

  /** From the source down: who sends stops before who receives. */
  async stop() {
    for (const child of [this.feed, this.agent, this.daemon, this.cameras, this.workstation]) if (child) await child.stop();
    for (const child of this.children) await child.stop('SIGTERM', 2000);
  }
}

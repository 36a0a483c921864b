// What config/demo.sh starts once everything is built: the demo hall for people, or (--check) one verdict about it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Hall } from './hall.mjs';

const { values } = parseArgs({
  options: {
    bin: { type: 'string' },
    dir: { type: 'string' },
    port: { type: 'string', default: '8443' },
    check: { type: 'boolean', default: false },
  },
});

function show(hall) {
  const entry = hall.firstToken ? `${hall.url}/#token=${hall.firstToken}` : hall.url;
  console.log(`
明镜示范大厅已启动 / The demo hall is running

  页面 page         ${entry}
  一次性登录令牌 one-time sign-in token   ${hall.firstToken || '(已使用,请用账号密码登录 / used: sign in with your account)'}
  数据 data         ${hall.dir}

浏览器会提示证书是自签的,请继续访问。The browser will say that the certificate is self-signed: continue.
按 Ctrl-C 停止 / Ctrl-C stops everything. 办件 cases:
`);
  hall.feed.process.stdout.on('data', (text) => process.stdout.write(`  ${String(text).replace(/\n(?=.)/g, '\n  ')}`));
}

async function check(hall) {
  const args = ['--server', hall.url, '--ca-file', hall.caFile, '--first-token', hall.firstToken, '--camera-window', 'w1'];
  const result = hall.run('check', hall.program('tests/support/demo_check'), args);
  const { code } = await result.exited;
  console.log(result.lines.filter((line) => line.startsWith('{')).at(-1) ?? JSON.stringify({ ok: false, error: result.lines.at(-1) }));
  return code === 0 ? 0 : 1;
}

function integrity(hall) {
  const { status, stdout, stderr } = spawnSync(hall.program('server/mingjing'), ['check', '--config', hall.configFile, '--hashes', '--json'], { encoding: 'utf8' });
  if (status !== 0) console.error(`mingjing check: ${stdout}${stderr}`);
  return status === 0 ? 0 : 1;
}

const dir = values.dir ?? (values.check ? mkdtempSync(join(tmpdir(), 'mingjing-check-')) : 'demo-data');
const hall = new Hall({ dir, bin: values.bin, port: Number(values.port), feedSeconds: values.check ? 20 : 60, fresh: values.check });

let stopping;
const stop = () => (stopping ??= hall.stop());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, async () => {
    console.log('\n正在停止 / stopping …');
    await stop();
    process.exit(0);
  });

try {
  await hall.start();
  if (values.check) {
    let code = await check(hall);
    await stop();
    code ||= integrity(hall);
    if (code === 0 && !values.dir) rmSync(dir, { recursive: true, force: true });
    if (code !== 0) console.error(`logs: ${join(hall.dir, 'log')}`);
    process.exit(code);
  }
  show(hall);
  const { code, signal } = await hall.daemon.exited;
  if (!stopping) {
    console.error(`mingjingd ended (${signal ?? code}); see ${join(hall.dir, 'log', 'mingjingd.log')}`);
    await stop();
    process.exit(1);
  }
} catch (error) {
  console.error(`demo: ${error.message}`);
  await stop();
  process.exit(1);
}

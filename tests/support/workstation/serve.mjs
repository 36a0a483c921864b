// Serves the approval system's page and the current case to the workstation's browser, on loopback only. Where the page
// says that the clerk goes on to another field, it moves the pointer there and clicks: real input, as idle time counts it.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { current: { type: 'string' }, ready: { type: 'string' }, 'port-file': { type: 'string' } },
});

const files = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.mjs': ['page.mjs', 'text/javascript; charset=utf-8'],
  '/form.mjs': ['form.mjs', 'text/javascript; charset=utf-8'],
  '/painted_code.mjs': ['painted_code.mjs', 'text/javascript; charset=utf-8'],
  '/applicants.mjs': ['applicants.mjs', 'text/javascript; charset=utf-8'],
};

function move_pointer(x, y) {
  execFile('xdotool', ['mousemove', String(x), String(y), 'click', '1'], (error) => {
    if (error) console.error(`xdotool: ${error.message}`);
  });
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1');
  if (request.method === 'POST' && url.pathname === '/ready') {
    await writeFile(values.ready, 'ready\n');
    return response.writeHead(204).end();
  }
  if (request.method === 'POST' && url.pathname === '/pointer') {
    const [x, y] = ['x', 'y'].map((name) => Number.parseInt(url.searchParams.get(name), 10));
    if (x >= 0 && y >= 0) move_pointer(x, y);
    return response.writeHead(204).end();
  }
  if (url.pathname === '/current.json') {
    const text = await readFile(values.current, 'utf8').catch(() => '{}');
    return response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(text || '{}');
  }
  const file = files[url.pathname];
  if (!file) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': file[1], 'Cache-Control': 'no-store' }).end(await readFile(join(here, file[0])));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => writeFile(values['port-file'], `${server.address().port}\n`));

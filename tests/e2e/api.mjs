// The HTTP API as a test sees it: one person's session over TLS that trusts the hall's own certificate only.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export class Api {
  constructor(hall) {
    this.hall = hall;
    this.agent = new Agent({ ca: readFileSync(hall.caFile), keepAlive: true });
    this.cookie = '';
  }

  /** {status, headers, body: Buffer}; any status is an answer. */
  ask(method, path, { body, headers = {} } = {}) {
    const sent = { ...headers, ...(this.cookie && { Cookie: this.cookie }) };
    if (method !== 'GET') Object.assign(sent, { 'X-Mingjing': '1', 'Content-Type': 'application/json' });
    return new Promise((done, failed) => {
      const call = request(this.hall.url + path, { method, agent: this.agent, headers: sent }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      });
      call.setTimeout(15000, () => call.destroy(new Error(`${method} ${path}: no answer in 15 s`)));
      call.on('error', failed);
      call.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  async json(path) {
    const { status, body } = await this.ask('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body);
  }

  async signInFirst(login = 'e2e', password = 'e2e-password') {
    const account = { token: this.hall.firstToken, login, display_name: '端到端测试', password };
    const { status, headers, body } = await this.ask('POST', '/api/v1/sign-in/first', { body: account });
    if (status !== 200) throw new Error(`first sign-in: ${status} ${body}`);
    this.cookie = headers['set-cookie'][0].split(';')[0];
    return this;
  }

  coverage(stream, fromUs, toUs) {
    return this.json(`/api/v1/streams/${stream}/coverage?from=${Math.round(fromUs)}&to=${Math.round(toUs)}`);
  }

  streams() {
    return this.json('/api/v1/streams');
  }
}

export const nowUs = () => Date.now() * 1000;

/** Asks until `probe` gives something truthy; the error says what was waited for. */
export async function until(what, probe, timeoutMs = 60000, everyMs = 250) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((done) => setTimeout(done, everyMs));
  }
}

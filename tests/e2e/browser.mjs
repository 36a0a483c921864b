// Debian's Chromium under playwright-core, which is the viewer's: npm ci in viewer/ installs it, no browser is downloaded.
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const viewer = resolve(dirname(fileURLToPath(import.meta.url)), '../../viewer');
const require = createRequire(resolve(viewer, 'package.json'));

const kQuiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launchBrowser() {
  const { chromium } = require('playwright-core');
  return chromium.launch({ executablePath: process.env.MJ_CHROMIUM ?? '/usr/bin/chromium', args: kQuiet });
}

/**
 * A fresh profile's page. Collects what must not happen, to be looked at with strayHosts() and `problems`: requests to
 * another host, errors on the console, uncaught errors.
 */
export async function newPage(browser, { locale = 'zh-CN', width = 1440, height = 900, ...more } = {}) {
  const context = await browser.newContext({ locale, viewport: { width, height }, ignoreHTTPSErrors: true, bypassCSP: false, ...more });
  const page = await context.newPage();
  page.problems = [];
  page.hosts = new Set();
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http')) page.hosts.add(host);
  });
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
  return page;
}

/** Hosts other than `url`'s that the page asked. */
export function strayHosts(page, url) {
  const { host } = new URL(url);
  return [...page.hosts].filter((other) => other !== host);
}

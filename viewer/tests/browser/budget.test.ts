import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench, kCase, kDist } from '../support/desk';

const bench = new Bench();
const kKilobyte = 1024;
const assets = () => readdirSync(join(kDist, 'assets')).map((name) => ({ name, text: readFileSync(join(kDist, 'assets', name), 'utf8') }));

test('the review desk needs at most 60 kB of program and style, compressed', async () => {
  const page = await bench.page();
  const loaded = new Set<string>();
  page.on('request', (request) => loaded.add(new URL(request.url()).pathname));
  await page.goto(`${bench.hall.url}/cases/${kCase}`);
  await waitSettled(page);
  const bytes = [...loaded].filter((path) => /\.(js|css)$/.test(path)).reduce((sum, path) => sum + gzipSync(readFileSync(join(kDist, path)), { level: 9 }).length, 0);
  console.log(`review desk: ${(bytes / kKilobyte).toFixed(1)} kB compressed`);
  expect(bytes).toBeGreaterThan(10 * kKilobyte);
  expect(bytes).toBeLessThan(60 * kKilobyte);
  const all = assets().reduce((sum, { text }) => sum + gzipSync(text).length, 0);
  expect(all).toBeLessThan(200 * kKilobyte);
});

test('nothing in the built pages names another host, and nothing is inline', () => {
  const html = readFileSync(join(kDist, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  for (const { name, text } of assets()) {
    const hosts = [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host);
    // Names of markup languages and addresses in error messages are not requests.
    expect(hosts.filter((host) => !['www.w3.org', 'svelte.dev'].includes(host!)), name).toEqual([]);
    if (name.endsWith('.css')) expect(text, name).not.toMatch(/url\(|@import/);
  }
});

test('no style or call is newer than the oldest browser of the halls, Chromium 90', () => {
  for (const { name, text } of assets()) {
    if (name.endsWith('.css')) {
      expect(text, name).not.toMatch(/:has\(|@layer|@container|color-mix\(|\bdvh\b|accent-color|@property|@scope|oklch\(|light-dark\(|&[.:\s>]/);
    } else if (name.endsWith('.js')) {
      for (const call of ['structuredClone(', '.toSorted(', '.toReversed(', '.findLast(', 'Object.hasOwn(', 'Object.groupBy(', '.replaceAllWith(', 'Promise.withResolvers(', 'AbortSignal.timeout(', 'AbortSignal.any(', 'crypto.randomUUID(']) {
        expect(text.includes(call), `${name}: ${call}`).toBe(false);
      }
      expect(text, name).not.toMatch(/\.at\(-?\d/);
      expect(text, name).not.toMatch(/static\s*\{/);
    }
  }
});

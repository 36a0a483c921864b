import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { en } from '../../src/i18n/en';
import { zh_cn, type Key } from '../../src/i18n/zh_cn';
import { zh_cn_pages } from '../../src/i18n/zh_cn_pages';
import { action_of } from '../../src/lib/keyboard';
import { case_path, moment_path, route_of, token_of, visit_path, visits_path } from '../../src/lib/router';

const kPages = new URL('../../src/routes/', import.meta.url);
const kWords: Record<Key, string> = { ...zh_cn, ...zh_cn_pages };
const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages have the same values in every sentence', () => {
  for (const key of Object.keys(kWords) as Key[]) expect(values(en[key]), key).toEqual(values(kWords[key]));
  expect(Object.keys(en).sort()).toEqual(Object.keys(kWords).sort());
});

test('what comes with the review desk says no word that comes later', () => {
  const program = new Map<string, string>();
  const follow = (file: URL): void => {
    if (program.has(file.pathname) || file.pathname.includes('/i18n/')) return;
    const text = readFileSync(file, 'utf8');
    program.set(file.pathname, text);
    for (const [, path] of text.matchAll(/^\s*import (?!type )[^;]*? from '(\.[^']+)'/gm)) {
      const found = [path!, `${path}.ts`, `${path}.svelte.ts`].map((name) => new URL(name, file)).find((url) => statSync(url, { throwIfNoEntry: false })?.isFile());
      if (found) follow(found);
    }
  };
  follow(new URL('../../src/main.ts', import.meta.url));
  expect(program.size).toBeGreaterThan(30);
  for (const [file, text] of program) {
    expect([...text.matchAll(/=> import\('[^']*\.svelte'\)/g)], file).toEqual([]); // but with their words
    const said = new Set([...text.matchAll(/['"`](\w+)['"`]/g)].map(([, word]) => word!));
    const prefixes = [...text.matchAll(/`(\w+_)\$\{|\bword\('(\w+)'/g)].map(([, prefix, word]) => prefix ?? `${word}_`);
    for (const key of Object.keys(zh_cn_pages)) expect(said.has(key) || prefixes.some((prefix) => key.startsWith(prefix)), `${key} in ${file}`).toBe(false);
  }
});

test('no page has text of its own', () => {
  for (const file of readdirSync(kPages).filter((name) => name.endsWith('.svelte'))) {
    const page = readFileSync(new URL(file, kPages), 'utf8').replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '');
    // The motto on the wall of the sign-in page is a picture of writing, not a message.
    const text = page.replace('明镜高悬', '').match(/[\u3400-\u9fff]+/g);
    expect(text, file).toBeNull();
    const between_tags = [...page.matchAll(/>([^<>{}]*[A-Za-z]{3,}[^<>{}]*)</g)].map(([, words]) => words!.trim()).filter((words) => !/[=&|?:]/.test(words));
    expect(between_tags, file).toEqual([]);
  }
});

test('paths', () => {
  expect(route_of('/', '?q=%201')).toEqual({ page: 'home', query: ' 1' });
  expect(route_of(case_path('2026/1 办'), '')).toMatchObject({ page: 'review', number: '2026/1 办' });
  expect(route_of('/cases/%E0%A4%A', '')).toEqual({ page: 'none' });
  expect(route_of('/cases/a/b', '')).toEqual({ page: 'none' });
  expect(route_of(visit_path(31), '?t=1')).toMatchObject({ page: 'visit', id: 31 });
  expect(route_of('/visits/x', '')).toEqual({ page: 'none' });
  expect(visits_path({})).toBe('/visits');
  expect(visits_path({ day: '2026-01-05', window: 'w 3', clerk: '', cases: 'any' })).toBe('/visits?day=2026-01-05&window=w+3&cases=any');
  expect(moment_path('ws-w3.screen', 1_000_001)).toBe('/moment?stream=ws-w3.screen&t=1970-01-01T00:00:01.000001Z');
  expect(token_of('#token=AB-CD')).toBe('AB-CD');
  expect(token_of('#content')).toBeNull();
});

test('keys are read by their place; composing text and foreign chords are left alone', () => {
  const key = (code: string, more = {}) => action_of({ code, isComposing: false, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...more });
  expect(key('Space')).toEqual({ do: 'toggle' });
  expect(key('Comma')).toEqual({ do: 'step', direction: -1 });
  expect(key('Comma', { isComposing: true })).toBeNull();
  expect(key('ArrowLeft')).toEqual({ do: 'skip', by_s: -5 });
  expect(key('ArrowRight', { shiftKey: true })).toEqual({ do: 'skip', by_s: 1 });
  expect(key('ArrowRight', { ctrlKey: true })).toEqual({ do: 'skip', by_s: 60 });
  expect(key('KeyC', { ctrlKey: true })).toBeNull();
  expect(key('KeyL', { altKey: true })).toBeNull();
  expect(key('Slash', { shiftKey: true })).toEqual({ do: 'help' });
  expect(key('KeyQ')).toBeNull();
});

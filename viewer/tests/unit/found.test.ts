import { expect, test } from 'vitest';
import { zh_cn, type Key } from '../../src/i18n/zh_cn';
import { hits_of, reading_of, sure_path } from '../../src/lib/found';
import { TimeFormat } from '../../src/lib/time_format';
import type { CaseHit, Found, VisitHit } from '../../src/lib/words';

const kCalled = Date.UTC(2026, 0, 5, 1, 45, 0) * 1000;
const format = new TimeFormat('Asia/Shanghai', 'zh-CN');
const say = (key: Key, values: Record<string, string | number> = {}) => (zh_cn as Record<string, string>)[key]!.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name]));
const w3 = { id: 'w3', name: '3号窗口' };
const zhang = { id: '1037', name: '张三' };
const nothing: Found = {
  as: 'nothing', read: { windows: [], ticket: '', from_us: null, to_us: null, words: [] }, complete: true,
  cases: [], visits: [], clerks: [], windows: [], titles: [], items: [], notes: [],
};

function a_case(number: string): CaseHit {
  return { number, item: { id: 'S1', name: '社会保险登记' }, window: w3, clerk: zhang, called_us: kCalled, finished_us: null, visits: 2 };
}

function a_visit(id: number, more: Partial<VisitHit> = {}): VisitHit {
  return { id, ticket: 'A012', window: w3, clerk: null, called_us: kCalled, finished_us: null, marked: false, inferred: false, cases: [], rating: null, ...more };
}

test('a whole number opens its case, whatever its width, case and dashes, and whatever else it may mean', () => {
  const found = { ...nothing, cases: [a_case('SZ-2026/01'), a_case('SZ-2026/010')], clerks: [zhang] };
  expect(sure_path(' ｓｚ—2026/01 ', found)).toBe('/cases/SZ-2026%2F01');
  expect(sure_path('sz-2026', found)).toBeNull();
});

test('the only case or visit opens at once; a person to choose from, or several, do not', () => {
  const title = { stream: 'ws-w3.screen', at_us: kCalled, title: '登记 100137', program: '' };
  expect(sure_path('100137', { ...nothing, cases: [a_case('20260105-100137')], titles: [title] })).toBe('/cases/20260105-100137');
  expect(sure_path('1037', { ...nothing, cases: [a_case('20260105-101037')], clerks: [zhang] })).toBeNull();
  expect(sure_path('张三', { ...nothing, clerks: [zhang] })).toBeNull();
  expect(sure_path('A12 9:45', { ...nothing, visits: [{ visit: a_visit(7), case_numbers: ['N/1'] }] })).toBe('/cases/N%2F1?visit=7');
  expect(sure_path('A12 9:45', { ...nothing, visits: [{ visit: a_visit(7), case_numbers: ['N1', 'N2'] }] })).toBe('/visits/7');
  expect(sure_path('A12 9:45', { ...nothing, visits: [{ visit: a_visit(7), case_numbers: [] }] })).toBe('/visits/7');
  expect(sure_path('补正', { ...nothing, titles: [title] })).toBeNull();
  expect(sure_path('补正', nothing)).toBeNull();
});

test('every kind of hit has a line and a place to go', () => {
  const hits = hits_of({
    ...nothing,
    cases: [a_case('N1')],
    visits: [{ visit: a_visit(7, { marked: true, ticket: '' }), case_numbers: [] }],
    clerks: [zhang],
    windows: [w3],
    items: [{ id: 'S1', name: '社会保险登记', cases: ['N3', 'N2'] }],
    notes: [{ visit: 7, case: 'N1', at_us: kCalled, by: '李明', text: '已告知补正' }, { visit: 8, case: null, at_us: kCalled, by: '李明', text: '群众未带证件' }],
    titles: [{ stream: 'ws-w3.screen', at_us: kCalled + 1, title: '', program: 'chromium' }],
  }, format, say);
  expect(hits.map(({ group, path, main, more }) => [group, path, main, more])).toEqual([
    ['cases', '/cases/N1', 'N1', '社会保险登记 · 3号窗口 · 张三 1037 · 2026年1月5日周一 09:45:00 · 接待 2 次'],
    ['visits', '/visits/7', '无票号 3号窗口', '2026年1月5日周一 09:45:00 · 服务超过 3 分钟，无办件'],
    ['clerks', '/visits?clerk=1037&cases=any', '张三', '1037'],
    ['windows', '/visits?window=w3&cases=any', '3号窗口', 'w3'],
    ['items', '/cases/N3', '社会保险登记', 'S1 · 最近办件 N3、N2'],
    ['notes', '/cases/N1?visit=7', '已告知补正', 'N1 · 李明 · 2026年1月5日周一 09:45:00'],
    ['notes', '/visits/8', '群众未带证件', '李明 · 2026年1月5日周一 09:45:00'],
    ['titles', '/moment?stream=ws-w3.screen&t=2026-01-05T01:45:00.000001Z', '无窗口标题', '2026年1月5日周一 09:45:00 · chromium'],
  ]);
  expect(hits[1]!.marked).toBe(true);
  expect(hits_of({ ...nothing, windows: [w3, w3, w3] }, format, say, 2)).toHaveLength(2);
});

test('how the query was read is a sentence', () => {
  const read = { windows: [w3], ticket: 'A12', from_us: kCalled, to_us: kCalled + 1800e6, words: ['补正', '通知'] };
  expect(reading_of({ ...nothing, as: 'visits', read }, format, say)).toBe('按接待理解：3号窗口 · 票号 A12 · 2026年1月5日周一 09:45:00–10:15:00');
  expect(reading_of({ ...nothing, as: 'words', read }, format, say)).toBe('按文字“补正 通知”理解');
  expect(reading_of({ ...nothing, as: 'number' }, format, say)).toBe('按办件编号理解');
  expect(reading_of(nothing, format, say)).toBe('');
});

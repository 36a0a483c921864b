import { expect, test } from 'vitest';
import { groups_of } from '../../src/lib/lanes';
import type { Lane, Lanes, StreamStatus } from '../../src/lib/words';

const status = (key: string, window: string | null, area: string | null = null) => ({
  key, name: key, window: window && { id: window, name: `${window}号窗口` }, area: area && { id: area, name: area } } as unknown as StreamStatus);

test('rows stand by window as a person counts, then areas, then what has no place; cameras before screens', () => {
  const streams = [status('ws-2.screen', '2'), status('cam-10.main', '10'), status('cam-hall.main', null, '大厅'), status('cam-2.sub', '2'), status('cam-2.main', '2')];
  const lanes = [...streams.map(({ key }) => key), 'old.main'].map((stream): Lane => ({
    stream, kind: stream.split('.')[1] as Lane['kind'], coverage: [[0, 3, 'footage'], [3, 5, 'footage'], [5, 9, 'gap', 'stalled'], [9, 10, 'purged'], [10, 11, 'not_configured'], [11, 12, 'gap']] }));
  const groups = groups_of({ streams: lanes, visits: [] }, streams, { other: '其他', sub: '子码流' }, 'zh-CN');
  expect(groups.map(({ name, rows }) => [name, rows.map(({ key }) => key)])).toEqual([
    ['2号窗口', ['cam-2.main', 'cam-2.sub', 'ws-2.screen']], ['10号窗口', ['cam-10.main']], ['大厅', ['cam-hall.main']], ['其他', ['old.main']]]);
  expect(groups[0]!.rows.map(({ name }) => name)).toEqual(['cam-2.main', 'cam-2.sub · 子码流', 'ws-2.screen']);
  expect(groups[0]!.rows.map(({ kind }) => kind)).toEqual(['camera', 'camera', 'screen']);
  expect(groups[0]!.rows[0]!.spans.map(({ cause }) => cause)).toEqual([null, 'stalled', 'purged', 'not_yet_configured', 'unknown']);
  expect(groups[0]!.rows[0]!.spans[1]).toEqual({ begin_us: 5, end_us: 9, cause: 'stalled' });
});

test('a window has its visits and alerts, a screen its presence', () => {
  const lanes: Lane[] = [
    { stream: 'cam-2.main', kind: 'main', coverage: [] },
    { stream: 'ws-2.screen', kind: 'screen', coverage: [], presence: [[0, 5, 'input'], [5, 9, 'locked']] },
    { stream: 'cam-hall.main', kind: 'main', coverage: [] },
  ];
  const streams = [status('cam-2.main', '2'), status('ws-2.screen', '2'), status('cam-hall.main', null, '2')];
  const visits = [{ window: '2', served: [[1, 4, 1], [6, 9, 3]], alerts: [[1, 4, 'blue', 1], [6, 8, 'yellow', 2]] }] as Lanes['visits'];
  const [window, area] = groups_of({ streams: lanes, visits }, streams, { other: '其他', sub: '子码流' }, 'zh-CN');
  expect(window!.served).toEqual([{ begin_us: 1, end_us: 4, count: 1 }, { begin_us: 6, end_us: 9, count: 3 }]);
  expect(window!.alerts).toEqual([{ begin_us: 6, end_us: 8, level: 'yellow', count: 2 }, { begin_us: 1, end_us: 4, level: 'blue', count: 1 }]);
  expect(window!.rows.map(({ presence }) => presence.map(({ state }) => state))).toEqual([[], ['input', 'locked']]);
  expect([area!.name, area!.served, area!.alerts]).toEqual(['2', [], []]);
});

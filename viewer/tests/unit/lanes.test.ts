import { expect, test } from 'vitest';
import { groups_of } from '../../src/lib/lanes';
import type { Lane, StreamStatus } from '../../src/lib/words';

const status = (key: string, window: string | null, area: string | null = null) => ({
  key, name: key, window: window && { id: window, name: `${window}号窗口` }, area: area && { id: area, name: area } } as unknown as StreamStatus);

test('rows stand by window as a person counts, then areas, then what has no place; cameras before screens', () => {
  const streams = [status('ws-2.screen', '2'), status('cam-10.main', '10'), status('cam-hall.main', null, '大厅'), status('cam-2.sub', '2'), status('cam-2.main', '2')];
  const lanes = [...streams.map(({ key }) => key), 'old.main'].map((stream): Lane => ({
    stream, kind: stream.split('.')[1] as Lane['kind'], coverage: [[0, 3, 'footage'], [3, 5, 'footage'], [5, 9, 'gap', 'stalled'], [9, 10, 'purged'], [10, 11, 'not_configured'], [11, 12, 'gap']] }));
  const groups = groups_of({ streams: lanes }, streams, { other: '其他', sub: '子码流' }, 'zh-CN');
  expect(groups.map(({ name, rows }) => [name, rows.map(({ key }) => key)])).toEqual([
    ['2号窗口', ['cam-2.main', 'cam-2.sub', 'ws-2.screen']], ['10号窗口', ['cam-10.main']], ['大厅', ['cam-hall.main']], ['其他', ['old.main']]]);
  expect(groups[0]!.rows.map(({ name }) => name)).toEqual(['cam-2.main', 'cam-2.sub · 子码流', 'ws-2.screen']);
  expect(groups[0]!.rows.map(({ kind }) => kind)).toEqual(['camera', 'camera', 'screen']);
  expect(groups[0]!.rows[0]!.spans.map(({ cause }) => cause)).toEqual([null, 'stalled', 'purged', 'not_yet_configured', 'unknown']);
  expect(groups[0]!.rows[0]!.spans[1]).toEqual({ begin_us: 5, end_us: 9, cause: 'stalled' });
});

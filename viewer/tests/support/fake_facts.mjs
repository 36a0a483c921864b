// Cases, visits and the state of the streams, as the fake hall tells them.
import { kCalledUs } from './footage.mjs';

const kSecond = 1_000_000;
const w3 = { id: 'w3', name: '3号窗口' };
const w5 = { id: 'w5', name: '5号窗口' };
const zhang = { id: '1037', name: '张三' };
const wang = { id: '1042', name: '王芳' };
const hall_view = stream('cam-hall.main', 'main', 'area', '大厅全景');

function stream(key, kind, role, name, more = {}) {
  return { key, kind, role, name, purpose: '服务监督', legal_basis: '《公共安全视频图像信息系统管理条例》', state: 'footage', cause: null, detail: '', ...more };
}

function step(type, at_s, window = w3, clerk = zhang) {
  return { type, at_us: kCalledUs + at_s * kSecond, window, clerk, source: 'queue' };
}

function link(source, why, confidence, interval, more = {}) {
  return { source, confidence, why, interval, state: 'inferred', by: null, reason: null, decided_us: null, ...more };
}

const kVisit = {
  id: 7, ticket: 'A012', window: w3, clerk: zhang, called_us: kCalledUs, finished_us: kCalledUs + 50 * kSecond, inferred: false, rating: 5,
  link: link('queue', 'ticket_names_case', 0.99, [kCalledUs, kCalledUs + 50 * kSecond]),
  streams: [stream('cam-w3.main', 'main', 'counter', '3号窗口摄像机'), stream('ws-w3.screen', 'screen', 'screen', '3号工位'), hall_view],
};

const kOtherVisit = {
  id: 8, ticket: 'B004', window: w5, clerk: wang, called_us: kCalledUs + 10 * kSecond, finished_us: null, inferred: false, rating: null,
  link: link('step', 'step_during_visit', 0.7, [kCalledUs + 10 * kSecond, null], { state: 'confirmed', by: '李明', reason: '核对了屏幕', decided_us: kCalledUs + 1800 * kSecond }),
  streams: [stream('cam-w5.main', 'main', 'counter', '5号窗口摄像机'), stream('cam-w5.sub', 'sub', 'counter', '5号窗口摄像机')],
};

export function fake_cases() {
  const item = { id: 'S1', name: '社会保险登记' };
  const older = Array.from({ length: 8 }, (_, n) => {
    const called_us = kCalledUs - (n + 1) * 1130 * kSecond;
    return { number: `20260105-1001${String(36 - n)}`, item: n % 3 ? item : { id: 'S2', name: '企业设立登记' }, steps: [], visits: [{ ...kVisit, id: 20 + n, called_us, finished_us: called_us + (300 + 97 * n) * kSecond }] };
  });
  return [
    { number: '20260105-100137', item, steps: [step('ticket_called', 0), step('accepted', 12), step('supplement', 31.5), step('concluded', 49), step('ticket_finished', 50)], visits: [kVisit] },
    { number: '20260105-100138', item, steps: [step('ticket_called', 0), step('ticket_called', 10, w5, wang)], visits: [kVisit, kOtherVisit] },
    { number: '20260105-200200', item: null, steps: [step('ticket_called', 0)], visits: [{ ...kVisit, id: 9, clerk: null, streams: [] }] },
    { number: '20260105-300300', item: null, steps: [step('accepted', 0)], visits: [] },
    ...older,
  ];
}

/** Visits that no case is known of: their footage is that of visit 7. The first was served long enough to be asked about. */
const kLonely = [
  { ...kVisit, id: 31, ticket: 'A013', link: undefined, rating: null, finished_us: kCalledUs + 4 * 60 * kSecond },
  { ...kVisit, id: 32, ticket: '', inferred: true, clerk: null, link: undefined, rating: 1, called_us: kCalledUs + 300 * kSecond, finished_us: kCalledUs + 340 * kSecond },
  ...Array.from({ length: 70 }, (_, n) => (
    { ...kVisit, id: 100 + n, ticket: `C${String(n).padStart(3, '0')}`, link: undefined, rating: null, called_us: kCalledUs - (n + 1) * 600 * kSecond, finished_us: kCalledUs - (n + 1) * 600 * kSecond + (n % 3 ? 90 : 200) * kSecond })),
];

/** All visits, with all their links, as they are before anybody judges them. */
export function fake_visits() {
  const visits = new Map(kLonely.map((visit) => [visit.id, { ...visit, links: [] }]));
  for (const { number, visits: of_case } of fake_cases()) {
    for (const { link: why, ...visit } of of_case) {
      if (!visits.has(visit.id)) visits.set(visit.id, { ...visit, links: [] });
      visits.get(visit.id).links.push({ case: number, ...why });
    }
  }
  return visits;
}

export const kReviewer = { login: 'li', name: '李明' };

/** What rules propose, newest first. */
export function fake_alerts(visits) {
  const alert = (id, rule, level, visit, more = {}) => {
    const { window, clerk, ticket, called_us, finished_us, links } = visits.get(visit);
    return { alert: id, rule, level, visit, window, clerk, ticket, case: links[0]?.case ?? null, from_us: called_us, to_us: finished_us, raised_us: finished_us ?? called_us, state: 'proposed', decided_by: null, decided_us: null, reason: null, ...more };
  };
  return [
    alert(5, 'poor_rating', 'yellow', 32),
    alert(4, 'complaint', 'red', 7),
    alert(3, 'served_without_case', 'blue', 31),
    alert(2, 'no_input_while_served', 'yellow', 20, { state: 'dismissed', decided_by: kReviewer, decided_us: kCalledUs, reason: '纸质材料，当面核对' }),
    alert(1, 'served_without_case', 'blue', 100, { state: 'withdrawn' }),
  ];
}

export const kClerks = [{ ...zhang, initials: 'zs' }, { ...wang, initials: 'wf' }];
export const kWindows = [w3, w5];

export function fake_status(now_us) {
  const base = { purpose: '服务监督', legal_basis: '', area: null, since_us: now_us - 3 * 3600 * kSecond, last_frame_us: now_us - 40_000, state: 'recording', cause: null, detail: '' };
  return {
    streams: [
      { ...base, key: 'cam-w3.main', kind: 'main', device: 'cam-w3', name: '3号窗口摄像机', window: w3 },
      { ...base, key: 'cam-w5.main', kind: 'main', device: 'cam-w5', name: '5号窗口摄像机', window: w5, state: 'waiting', cause: 'camera_unreachable', detail: 'connect to 192.0.2.15:554: No route to host', since_us: now_us - 1800 * kSecond, last_frame_us: now_us - 1808 * kSecond },
      { ...base, key: 'cam-w6.main', kind: 'main', device: 'cam-w6', name: '6号窗口摄像机', window: { id: 'w6', name: '6号窗口' }, state: 'waiting', cause: 'auth_failed', detail: 'DESCRIBE: 401 Unauthorized', since_us: now_us - 60 * kSecond, last_frame_us: null },
      { ...base, key: 'cam-hall.main', kind: 'main', device: 'cam-hall', name: '大厅全景', window: null, area: { id: 'hall', name: '办事大厅' } },
      { ...base, key: 'ws-w3.screen', kind: 'screen', device: 'ws-w3', name: '3号工位', window: w3, state: 'connecting', last_frame_us: null },
    ],
    stores: [
      { id: 's1', writable: true, detail: '', free_bytes: 3.2e12, total_bytes: 8e12, queued: 2 },
      { id: 's2', writable: false, detail: 'the marker file is missing: mount the disk', free_bytes: 0, total_bytes: 8e12, queued: 0 },
    ],
  };
}

// The approval system's one page: a waiting list between visitors, a form while somebody is served.
import { waitingList } from '/applicants.mjs';
import { Form } from '/form.mjs';
import { startPainting } from '/painted_code.mjs';

const at = (id) => document.getElementById(id);
const windowId = new URLSearchParams(location.search).get('window') ?? 'w1';
const stepNames = { called: '叫号', accepted: '受理', supplement: '补正', concluded: '办结' };
const systemName = '政务服务审批系统';
const form = new Form();

function fillList() {
  const rows = waitingList(17).map(({ number, item, name, days }, i) => {
    const row = document.createElement('tr');
    for (const text of [number, item, name, i % 4 === 1 ? '补正' : '审查', days, '办理 查看']) row.insertCell().textContent = text;
    if (days <= 2) row.cells[4].className = 'late';
    return row;
  });
  at('list').querySelector('tbody').replaceChildren(...rows);
}

function show(current) {
  const serving = current !== undefined && current.step in stepNames;
  at('list').hidden = serving;
  at('form').hidden = !serving;
  if (!serving) {
    document.title = `待办事项 - ${systemName}`;
    return;
  }
  form.show(current);
  const what = [current.case || current.ticket, stepNames[current.step]].join(' ');
  document.title = `${what} - ${systemName}`;
  at('clerk').textContent = current.clerk_name || `工号 ${current.clerk}`;
}

async function follow() {
  try {
    const answer = await fetch('/current.json');
    show((await answer.json()).windows?.[windowId]);
  } catch (error) {
    console.error(error); // the file is being written, or the server stops: the next look will do
  }
}

function showClock() {
  const now = new Date();
  const date = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
  at('clock').textContent = `${date}\n${now.toTimeString().slice(0, 8)}`;
}

at('window').textContent = `${windowId.replace(/\D/g, '') || windowId} 号窗口`;
at('clerk').textContent = '已登录';
fillList();
showClock();
startPainting(at('code'), screen.width);
await follow();
setInterval(showClock, 1000);
setInterval(follow, 1000);
setInterval(() => form.tick(), 130);
requestAnimationFrame(() => requestAnimationFrame(() => fetch('/ready', { method: 'POST' })));

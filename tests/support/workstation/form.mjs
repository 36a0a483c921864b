// The form of one case: filled in as a clerk would, field by field, character by character, along the case's steps.
import { applicantOf } from '/applicants.mjs';

const at = (id) => document.getElementById(id);
const fields = ['name', 'identity', 'phone', 'address', 'company', 'credit', 'reason'];
const stepOrder = ['called', 'accepted', 'supplement', 'review', 'concluded'];
const clockText = () => new Date().toTimeString().slice(0, 8);

export class Form {
  #queue = []; // what is still to be done: functions, one per tick
  #done = new Set();
  #current = {};

  /** A new case, or a new step of the one on the screen. */
  show(current) {
    if (current.ticket !== this.#current.ticket) this.#begin(current);
    this.#current = current;
    at('number').textContent = current.case || '（受理后生成）';
    at('item').textContent = current.item;
    at('ticket').textContent = current.ticket;
    const now = stepOrder.indexOf(current.step);
    [...at('steps').children].forEach((li, i) => {
      li.className = i < now && (i !== 2 || this.#done.has('supplement')) ? 'done' : i === now ? 'now' : '';
    });
    if (!this.#done.has(current.step)) this.#enter(current);
    this.#done.add(current.step);
  }

  /** One character, one click. */
  tick() {
    const action = this.#queue.shift();
    if (action) action();
  }

  #begin(current) {
    this.#queue = [];
    this.#done = new Set();
    this.applicant = applicantOf(current.case || current.ticket, current.item);
    for (const id of [...fields, 'opinion']) at(id).value = '';
    at('log').replaceChildren();
    at('stamp').hidden = true;
    for (const id of ['accept', 'supplement', 'conclude']) at(id).classList.remove('pressed');
    at('papers').tBodies[0].replaceChildren(...this.applicant.papers.map(paperRow));
    document.activeElement?.blur();
  }

  #enter(current) {
    const enter = {
      called: () => this.#log(`叫号 ${current.ticket}，申请人到窗口`),
      accepted: () => {
        this.#register();
        this.applicant.papers.forEach((_, row) => this.#receive(row, '已收', 'got'));
        this.#press('accept', '出具《受理通知书》');
      },
      supplement: () => {
        if (this.#done.has('accepted')) this.#finishTyping();
        else this.#register();
        this.applicant.papers.slice(0, -1).forEach((_, row) => this.#receive(row, '已收', 'got'));
        this.#receive(this.applicant.papers.length - 1, '待补正', 'missing');
        this.#type('opinion', `请补充：${this.applicant.papers.at(-1)}，其余材料符合要求。`);
        this.#press('supplement', '出具《一次性告知书》');
      },
      concluded: () => {
        this.#finishTyping();
        this.applicant.papers.forEach((_, row) => this.#receive(row, '已收', 'got'));
        this.#retype('opinion', '材料齐全，符合法定形式，准予办理。');
        this.#press('conclude', '办结，出具结果文书');
        this.#queue.push(() => (at('stamp').hidden = false));
      },
    };
    enter[current.step]?.();
  }

  #register() {
    this.#log('登记申请人信息');
    for (const id of fields) this.#type(id, this.applicant[id]);
  }

  #log(text) {
    const line = document.createElement('li');
    const time = document.createElement('time');
    time.textContent = clockText();
    line.append(time, text);
    at('log').append(line);
  }

  #type(id, text) {
    const field = at(id);
    this.#queue.push(click(field));
    for (const char of text) this.#queue.push(() => (field.value += char));
  }

  #retype(id, text) {
    this.#queue.push(() => (at(id).value = ''));
    this.#type(id, text);
  }

  #receive(row, state, style) {
    this.#queue.push(() => {
      const cell = at('papers').tBodies[0].rows[row].cells[4];
      cell.textContent = state;
      cell.className = style;
    });
  }

  #press(id, text) {
    this.#queue.push(click(at(id)));
    this.#queue.push(() => {
      at(id).classList.add('pressed');
      this.#log(text);
    });
  }

  /** The case moved on while we were typing: what was left is there at once. */
  #finishTyping() {
    for (const action of this.#queue.splice(0)) if (!clicks.has(action)) action();
  }
}

function paperRow(paper, i) {
  const row = document.createElement('tr');
  for (const text of [i + 1, paper, paper.includes('复印') ? '复印件' : '原件', '1', '未收']) {
    row.insertCell().textContent = text;
  }
  return row;
}

const clicks = new WeakSet();

/** An action: the pointer goes there and clicks. The page covers the screen, so its coordinates are the screen's. */
function click(element) {
  const action = () => clickOn(element);
  clicks.add(action);
  return action;
}

function clickOn(element) {
  const box = element.getBoundingClientRect();
  const x = Math.round(box.left + Math.min(box.width - 12, 0.6 * box.width));
  const y = Math.round(box.top + box.height / 2);
  fetch(`/pointer?x=${x}&y=${y}`, { method: 'POST' });
}

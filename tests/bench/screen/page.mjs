// A clerk's desktop as the benchmark's script wants it: each step is fetched, applied, and reported when it is painted.
const main = document.getElementById('main');
const names = ['申请人姓名', '证件号码', '联系电话', '联系地址', '单位名称', '统一社会信用代码', '经营范围', '法定代表人', '注册资本', '开户银行', '银行账号', '邮政编码', '电子邮箱', '经办人', '受理意见', '备注'];
const words = '申请受理审查办结补正材料营业执照身份证复印件原件登记社会保险不动产食品经营许可窗口工作人员承诺时限法定代表人注册资本经营场所证明委托书签字盖章规定条件齐全依法予以告知事项办理结果领取通知书人民政府服务中心'.split('');

let state = 1;
const random = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % 65521 % n;
const text = (length) => Array.from({ length }, () => words[random(words.length)]).join('');
const make = (tag, content = '', style = '') => Object.assign(document.createElement(tag), { textContent: content, className: style });

function form() {
  const section = make('section');
  section.append(make('h2', `${text(6)} 办件 2026${1000000 + random(8999999)}`));
  const fields = section.appendChild(make('div', '', 'fields'));
  for (let i = 0; i < 32; i++) {
    const label = make('label', names[i % names.length]);
    label.append(make('input'));
    fields.append(label);
  }
  return section;
}

function table(columns, rows) {
  const section = make('section');
  const grid = section.appendChild(make('table'));
  const head = grid.createTHead().insertRow();
  for (let i = 0; i < columns; i++) head.append(make('th', text(4)));
  const body = grid.createTBody();
  for (let y = 0; y < rows; y++) {
    const row = body.insertRow();
    for (let x = 0; x < columns; x++) row.insertCell().textContent = x % 3 ? text(3 + random(8)) : String(random(1e8));
  }
  return section;
}

function paper() {
  const section = make('section', '', 'paper');
  section.append(make('h1', text(8)));
  for (let i = 0; i < 7; i++) section.append(make('p', text(60 + random(80)) + '。'));
  return section;
}

const image = (source) => Object.assign(new Image(), { src: source });
const pages = {
  form: () => form(),
  list: () => table(8, 26),
  sheet: () => table(16, 27),
  paper: () => paper(),
  news({ photos }) {
    const section = make('section', '', 'news');
    for (const photo of photos) {
      const article = section.appendChild(make('div'));
      article.append(image(photo), make('h3', text(14)), make('p', text(90)));
    }
    return section;
  },
  scan({ photos }) {
    const section = make('section', '', 'scan');
    section.append(image(photos[0]));
    return section;
  },
  desk({ photos }) {
    const desk = make('div', '', 'desk');
    desk.style.backgroundImage = `url(${photos[0]})`;
    for (let i = 0; i < 8; i++) desk.append(make('i', text(4)));
    return desk;
  },
};

async function show(step) {
  if (step.seed) state = step.seed;
  if (step.clock) document.getElementById('clock').textContent = step.clock;
  if (step.page) {
    main.replaceChildren(pages[step.page](step));
    await Promise.all([...main.querySelectorAll('img')].map((each) => each.decode().catch(() => {})));
    if (step.page === 'desk') await image(step.photos[0]).decode();
  }
  if (step.type) {
    const inputs = main.querySelectorAll('input');
    inputs.forEach((input, i) => input.classList.toggle('on', i === step.field));
    inputs[step.field].value += text(step.type);
  }
  if (step.edit) main.querySelectorAll('input')[step.field].value = step.edit;
  if (step.hide_pointer) document.documentElement.style.cursor = 'none';
  if (step.title) document.title = step.title;
}

const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
for (let number = 0; ; number++) {
  const answer = await fetch(`/next?done=${number}`);
  if (answer.status !== 200) break;
  await show(await answer.json());
  await painted();
}

// The people and papers of the demo's cases. All invented; identity numbers carry no valid digits in the middle.

const surnames = '王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'.split('');
const givenNames = ['建华', '秀英', '志强', '丽娟', '国庆', '桂兰', '文博', '雨桐', '晓东', '海燕', '子涵', '俊杰', '玉梅', '思远'];
const streets = ['人民路', '建设大街', '和平里', '文昌路', '滨河东路', '解放北路', '学府街', '迎宾大道'];
const companies = ['鑫源商贸', '恒达建材', '惠民便利店', '春晖餐饮', '远航物流', '启明教育咨询', '绿野农业'];

const papers = {
  社会保险登记: ['社会保险登记表', '营业执照副本（复印件）', '法定代表人身份证（复印件）', '职工花名册', '开户许可证（复印件）'],
  个体工商户设立登记: ['个体工商户登记申请书', '经营者身份证（复印件）', '经营场所使用证明', '名称自主申报告知书'],
  不动产登记: ['不动产登记申请书', '申请人身份证明', '不动产权属证书', '买卖合同（原件）', '契税完税凭证'],
  食品经营许可: ['食品经营许可申请书', '营业执照（复印件）', '经营场所平面布局图', '食品安全管理制度', '从业人员健康证明'],
  灵活就业参保: ['参保登记表', '居民身份证（复印件）', '户口簿（复印件）', '银行卡（复印件）'],
};
const commonPapers = ['申请表', '申请人身份证明', '委托书（原件）', '承诺书'];

const reasons = {
  社会保险登记: '我单位新设立，现有在职职工12人，按规定申请办理社会保险登记，请予受理。',
  个体工商户设立登记: '本人拟在上述地址从事日用百货零售，申请个体工商户设立登记。',
  不动产登记: '因购买二手住房一套，买卖双方已完成网签并缴清税费，申请办理转移登记。',
  食品经营许可: '经营项目为预包装食品销售、热食类食品制售，场所已按要求改造完毕。',
  灵活就业参保: '本人为灵活就业人员，申请以个人身份参加企业职工基本养老保险。',
};

/** A number from a text, the same on every machine: FNV-1a. */
function seedOf(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  return hash;
}

/** What is typed into the form of one case, always the same for the same number. */
export function applicantOf(caseNumber, item) {
  let state = seedOf(caseNumber);
  const pick = (list) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return list[(state >>> 16) % list.length];
  };
  const digits = (count) => Array.from({ length: count }, () => pick('0123456789')).join('');
  return {
    name: pick(surnames) + pick(givenNames),
    identity: `341102********${digits(3)}X`,
    phone: `138****${digits(4)}`,
    address: `${pick(streets)}${digits(2).replace(/^0/, '1')}号${1 + (state % 9)}栋${digits(3).replace(/^0/, '2')}室`,
    company: `示范市${pick(companies)}有限公司`,
    credit: `91341100MA**${digits(4)}XK`,
    reason: reasons[item] ?? `现申请办理${item}，所附材料真实有效，请予受理。`,
    papers: papers[item] ?? commonPapers,
  };
}

/** Rows of the waiting list that a clerk sees between two visitors. */
export function waitingList(count) {
  const items = Object.keys(papers);
  return Array.from({ length: count }, (_, i) => {
    const day = new Date(Date.now() - Math.ceil((count - i) / 3) * 86_400_000);
    const date = `${day.getFullYear()}${String(day.getMonth() + 1).padStart(2, '0')}${String(day.getDate()).padStart(2, '0')}`;
    const number = `${date}-${130200 + i * 1137}`;
    const item = items[i % items.length];
    return { number, item, name: applicantOf(number, item).name.replace(/.$/u, '*'), days: 1 + ((i * 5) % 14) };
  });
}

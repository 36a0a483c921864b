// The pages as a test drives and reads them: by what a person sees and presses, by pixels, and by the desk's own numbers
// (window.__mj, see viewer/README.md). Takes Playwright pages; knows no test framework.
import { decodeCells, readCells } from './painted_code.mjs';

/** First sign-in of a new hall, with the token in the URL as `mingjingd` prints it. Ends on the search page. */
export async function signInFirst(page, url, { token, login = 'e2e', displayName = '端到端测试', password = 'e2e-password' }) {
  await page.goto(`${url}/#token=${token}`);
  await page.waitForSelector('#display_name');
  await page.fill('#login', login);
  await page.fill('#display_name', displayName);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#case-number');
}

export async function signIn(page, url, { login = 'e2e', password = 'e2e-password' } = {}) {
  await page.goto(url);
  await page.waitForSelector('#password');
  await page.fill('#login', login);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#case-number');
}

/** Every pane shows the clock's moment, or says why not. */
export function waitSettled(page, timeout = 20000) {
  return page.waitForFunction(() => window.__mj.panes.length > 0 && window.__mj.settled, null, { timeout, polling: 'raf' });
}

/**
 * Types a case number into the search page's box and presses Enter. Milliseconds from Enter until every pane showed its
 * picture, as the page measured them.
 */
export async function openCase(page, number) {
  await page.waitForSelector('#case-number');
  await page.fill('#case-number', number);
  await page.evaluate(() => performance.clearMarks());
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.__mj.marks.some((mark) => mark.name === 'mj:ready'), null, { timeout: 15000, polling: 'raf' });
  const marks = await page.evaluate(() => window.__mj.marks);
  const at = (name) => marks.find((mark) => mark.name === name).at_ms;
  return { ms: at('mj:ready') - at('mj:enter') };
}

/**
 * The desk at one instant: its clock (µs), and for each pane its stream's key, state, the time the desk says it shows, and
 * the painted code read from the pixels ({wallMs, frame}, or null).
 */
export async function readDesk(page) {
  const seen = await page.evaluate(kReadDesk);
  for (const pane of seen.panes) {
    pane.code = pane.cells && decodeCells(pane.cells);
    delete pane.cells;
  }
  return seen;
}

// One expression as text: the page's policy lets no script of ours make functions from text inside the page.
const kReadDesk = `(() => {
  const read = ${readCells};
  return {
    clockUs: window.__mj.clock_us(),
    playing: window.__mj.playing,
    panes: window.__mj.panes.map((pane) => ({
      key: pane.key, state: pane.state, shownUs: pane.shown_us(), mediaS: pane.video.currentTime,
      cells: pane.video.readyState >= 2 ? read(pane.video) : null,
    })),
  };
})()`;

export function paneOf(desk, key) {
  return desk.panes.find((pane) => pane.key === key);
}

export async function pause(page) {
  if (await page.evaluate(() => window.__mj.playing)) await page.keyboard.press('KeyK');
  await page.waitForFunction(() => !window.__mj.playing);
  await waitSettled(page);
}

export async function play(page) {
  if (!(await page.evaluate(() => window.__mj.playing))) await page.keyboard.press('KeyK');
  await page.waitForFunction(() => window.__mj.playing);
}

/** Presses a key of the desk and waits until the panes show where it led. */
export async function pressAndSettle(page, key) {
  const before = await page.evaluate(() => window.__mj.clock_us());
  await page.keyboard.press(key);
  await page.waitForFunction((from) => window.__mj.clock_us() !== from, before, { polling: 'raf' });
  await waitSettled(page);
}

/** Clicks into the timeline at `part` (0 … 1) of its width and waits for the pictures. */
export async function clickTimeline(page, part) {
  const box = await page.locator('[role=slider] canvas').boundingBox();
  await page.mouse.click(box.x + part * box.width, box.y + box.height / 2);
  await page.waitForTimeout(34);
  await waitSettled(page);
}

/** The sentence that a pane shows in place of its picture, or ''. */
export async function paneSays(page, key) {
  const says = page.locator(`[data-pane="${key}"] .says`);
  return (await says.count()) ? (await says.innerText()).trim() : '';
}

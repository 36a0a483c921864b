import { expect, test } from 'vitest';
import { waitSettled } from '../../../tests/e2e/viewer_page.mjs';
import { Bench } from '../support/desk';

const bench = new Bench();

test('alerts wait for a person, whose word needs a reason and can be changed', async () => {
  const page = await bench.page();
  await page.goto(`${bench.hall.url}/alerts`);
  await page.waitForSelector('[data-alert]');
  expect(await page.locator('[data-alert]').evaluateAll((lines) => lines.map((line) => line.getAttribute('data-alert')))).toEqual(['5', '4', '3']);
  const complaint = page.locator('[data-alert="4"]');
  expect(await complaint.innerText()).toMatch(/红\s*有投诉涉及这次接待\s*待处理/);
  await complaint.locator('text=确认…').click();
  await complaint.locator('button.primary').click();
  expect(await complaint.locator('[role=alert]').innerText()).toBe('请填写理由。');
  await complaint.locator('textarea').fill('录像中态度生硬');
  await complaint.locator('button.primary').click();
  await expect.poll(() => complaint.innerText()).toMatch(/已确认[\s\S]*李明，.*：录像中态度生硬/);
  await complaint.locator('text=排除…').click();
  await complaint.locator('textarea').fill('看错了人');
  await complaint.locator('button.primary').click();
  await expect.poll(() => complaint.innerText()).toMatch(/已排除[\s\S]*李明，.*：看错了人/);
  expect(page.problems).toEqual([]);
});

test('the URL says which alerts, and each leads to its footage', async () => {
  const page = await bench.page({ locale: 'en' });
  await page.goto(`${bench.hall.url}/alerts`);
  await page.waitForSelector('[data-alert]');
  await page.selectOption('#alerts-state', 'all');
  await page.selectOption('#alerts-level', 'blue');
  await expect.poll(() => page.locator('[data-alert]').count()).toBe(2);
  expect(new URL(page.url()).search).toBe('?state=all&level=blue');
  expect(await page.locator('[data-alert="1"]').innerText()).toContain('Withdrawn: the facts changed');
  expect(await page.locator('[data-alert="1"] button').count()).toBe(0);
  await page.click('[data-alert="3"] a');
  await waitSettled(page);
  expect(page.url()).toContain('/visits/31?t=2026-01-05T01:45:00');
});

test('alerts that cannot be had are said, and asked for again on demand', async () => {
  const page = await bench.page();
  bench.hall.failing = /alerts$/;
  await page.goto(`${bench.hall.url}/alerts`);
  await page.waitForSelector('.notice:has-text("the store is away")');
  bench.hall.failing = null;
  await page.click('.notice button');
  await page.waitForSelector('[data-alert]');
});

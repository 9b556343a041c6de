/// Every scene in both themes, in a wide and a narrow window: no page errors, and nothing that axe finds (WCAG 2.2 A and AA).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './browser.js';
import { scenes } from './scenes.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let stage: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  stage = await openBrowser();
});
afterAll(() => stage?.close());

const check = async (page: Page, rules?: string[]): Promise<string[]> => {
  const only = rules
    ? { type: 'rule', values: rules }
    : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(only)}, resultTypes: ['violations'] })`,
  )) as AxeResults;
  return found.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.failureSummary ?? ''})`)
        .join('; ')}`,
  );
};

describe('every page, in each of its states', () => {
  it.each(scenes.filter((scene) => !('slow' in scene)))(
    '$name: axe finds nothing, light and dark, wide and narrow',
    async (scene) => {
      const { page, faults } = await stage.open({ ...scene, size: [1440, 900], theme: 'light' });
      try {
        page.setDefaultTimeout(10_000);
        await page.waitForTimeout(250);
        await scene.steps?.(page);
        await page.evaluate(axe);
        expect(await check(page), 'wide, light').toEqual([]);
        await page.evaluate(() => (document.documentElement.dataset['theme'] = 'dark'));
        expect(await check(page, ['color-contrast']), 'wide, dark').toEqual([]);
        await page.setViewportSize({ width: 480, height: 800 });
        expect(await check(page), 'narrow, dark').toEqual([]);
        expect(faults).toEqual([]);
      } finally {
        await page.close();
      }
    },
  );
});

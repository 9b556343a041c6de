/// Every scene in both themes and three sizes of window: no page errors, and nothing that axe finds (WCAG 2.2 A and AA).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './browser.js';
import { scenes } from './scenes.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = { wide: [1440, 900], narrow: [480, 800] } as const;

let stage: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  stage = await openBrowser();
});
afterAll(() => stage?.close());

describe.each(scenes.filter((scene) => !('slow' in scene)))('$name', (scene) => {
  const looks = [['wide', 'light'], ['wide', 'dark'], ['narrow', 'dark']] as const;
  it.each(looks.filter(([size]) => (scene as Record<string, unknown>)[size] !== false))('is accessible: %s, %s', async (size, theme) => {
    const { page, faults } = await stage.open({ ...scene, size: [...sizes[size]], theme });
    try {
      page.setDefaultTimeout(8000);
      await page.waitForTimeout(300);
      await scene.steps?.(page);
      await page.evaluate(axe);
      const found = (await page.evaluate(
        "axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } })",
      )) as AxeResults;
      const words = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.failureSummary ?? ''})`).slice(0, 3).join('; ')}`);
      expect(words).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await page.close();
    }
  });
});

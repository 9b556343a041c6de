/// `npm run shots [-- scene...]`: a picture of every scene in three sizes and two themes, in ui/shots.
import { mkdirSync } from 'node:fs';
import { openBrowser } from './browser.js';
import { scenes } from './scenes.js';

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const only = (flag, choices) =>
  choices.filter(
    (choice) =>
      !process.argv.some((word) => word.startsWith(`--${flag}=`)) || process.argv.includes(`--${flag}=${choice}`),
  );
const sizes = { wide: [1440, 900], middle: [1024, 768], narrow: [480, 800] };
mkdirSync('shots', { recursive: true });

const { open, close } = await openBrowser();
for (const scene of scenes.filter(({ name }) => !wanted.length || wanted.includes(name)))
  for (const size of only('size', Object.keys(sizes)))
    for (const theme of only('theme', ['light', 'dark'])) {
      if (scene[size] === false) continue;
      const { page, faults } = await open({ ...scene, size: sizes[size], theme });
      page.setDefaultTimeout(4000);
      try {
        await page.waitForTimeout(350);
        await scene.steps?.(page);
      } catch (error) {
        faults.push(String(error).split('\n')[0]);
      }
      await page.waitForTimeout(120);
      await page.screenshot({ path: `shots/${scene.name}-${size}-${theme}.png` });
      if (faults.length) console.log(`${scene.name} ${size} ${theme}:`, faults);
      await page.close();
    }
await close();

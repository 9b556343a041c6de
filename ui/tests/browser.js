/// The built pages over the invented core, served on loopback to Debian's Chromium.
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = fileURLToPath(new URL('..', import.meta.url));
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.png': 'image/png',
};
/** What the program's own window allows, so that nothing here works that would not work there. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; object-src 'none'";

export const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The build must not notice that a test asks for it. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|VITE_)/.test(name)));

export const openBrowser = async () => {
  const root = mkdtempSync(join(tmpdir(), 'cadenza-pages-'));
  execFileSync('npx', ['vite', 'build', '--mode', 'fake', '--logLevel', 'error', '--emptyOutDir', '--outDir', root], {
    cwd: here,
    stdio: 'inherit',
    env,
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const file = join(root, path === '/' ? 'index.html' : path);
    if (!file.startsWith(root) || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const profile = mkdtempSync(join(tmpdir(), 'cadenza-ui-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath,
    headless: true,
    reducedMotion: 'reduce',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--force-color-profile=srgb',
    ],
  });
  const address = `http://127.0.0.1:${server.address().port}`;
  return {
    browser,
    /** A fresh page on this scene. */
    open: async ({ search = '', hash = '', size = [1440, 900], theme = 'light', lang = 'en' }) => {
      const page = await browser.newPage();
      const faults = [];
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      await page.setViewportSize({ width: size[0], height: size[1] });
      await page.goto(`${address}/?theme=${theme}&lang=${lang}${search}${hash}`);
      await page.evaluate(() => document.fonts.ready);
      return { page, faults };
    },
    close: async () => {
      await browser.close();
      server.close();
      for (const folder of [profile, root]) rmSync(folder, { recursive: true, force: true });
    },
  };
};

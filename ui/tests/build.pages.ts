/// What is shipped: no invented core, no address of the network, nothing that a strict page policy refuses.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let out: string;
let text: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cadenza-build-'));
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|VITE_)/.test(name)),
  );
  execFileSync('npx', ['vite', 'build', '--logLevel', 'error', '--emptyOutDir', '--outDir', out], { env });
  const files = [
    'index.html',
    ...readdirSync(join(out, 'assets'))
      .filter((name) => /\.(js|css)$/.test(name))
      .map((name) => `assets/${name}`),
  ];
  text = files.map((name) => readFileSync(join(out, name), 'utf8')).join('\n');
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

it('holds nothing of the invented core', () => {
  expect(text).not.toMatch(/Ada Example|Gymnop/);
});

it('asks the network for nothing', () => {
  const addresses = [...text.matchAll(/(?:https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}[^\s"'`)]*/gi)].map(
    ([address]) => address,
  );
  expect(addresses.filter((address) => !/w3\.org|svelte\.dev/.test(address))).toEqual([]);
});

it('brings its fonts as files', () => {
  const fonts = readdirSync(join(out, 'assets')).filter((name) => name.endsWith('.woff2'));
  expect(fonts.some((name) => name.startsWith('bricolage'))).toBe(true);
  expect(fonts.some((name) => name.startsWith('inter'))).toBe(true);
  expect(text).not.toMatch(/url\(data:font/);
});

it('evaluates no text as code', () => {
  expect(text).not.toMatch(/\beval\(|new Function\(/);
});

/// The build of the window's page. `vite build` makes what the program embeds; `--mode fake` makes
/// the same pages over an invented core, for a browser, the page tests and the screenshots.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ mode }) => {
  const invented = mode === 'fake' || mode === 'test';
  return {
    plugins: [svelte(), ...(mode === 'test' ? [svelteTesting()] : [])],
    resolve: {
      // Which core answers is decided here, so the invented one cannot reach a real build.
      alias: { '#core': here(invented ? './src/ipc/fake/index.ts' : './src/ipc/window.ts') },
    },
    build: {
      outDir: mode === 'fake' ? 'dist-fake' : 'dist',
      target: ['safari16.4', 'chrome111'],
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 700,
    },
    server: { port: 5173, strictPort: true, host: '127.0.0.1' },
    clearScreen: false,
    test: {
      projects: [
        {
          extends: true,
          test: {
            name: 'components',
            environment: 'happy-dom',
            include: ['src/**/*.test.ts'],
            setupFiles: ['./tests/setup.ts'],
          },
        },
        {
          extends: true,
          test: {
            name: 'pages',
            environment: 'node',
            include: ['tests/**/*.pages.ts'],
            testTimeout: 120_000,
            hookTimeout: 180_000,
            fileParallelism: false,
          },
        },
      ],
    },
  };
});

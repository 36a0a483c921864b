import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// A development server needs a hall to talk to: MJ_SERVER=https://127.0.0.1:8443 npm run dev
const hall = process.env.MJ_SERVER ?? 'https://127.0.0.1:8443';

export default defineConfig({
  plugins: [svelte()],
  build: {
    // The halls' desktops (UOS, Kylin) come with Chromium 90; Vite's own default is far newer.
    target: 'chrome87',
    cssTarget: 'chrome87',
    // default-src 'self' forbids data: URLs and inline scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What every page needs is one file: one request, and it compresses better than three.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'index', tags: ['$initial'] }] } } },
  },
  server: { proxy: { '/api': { target: hall, secure: false, changeOrigin: true } } },
  test: {
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          environment: 'node',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/support/global_setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One Chromium at a time, and a second try: what these tests time, a busy machine delays.
          fileParallelism: false,
          retry: 1,
        },
      },
    ],
  },
});

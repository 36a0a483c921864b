import { execFileSync } from 'node:child_process';
import { footage } from './footage.mjs';

/** The built pages and the made footage that the browser tests look at. Built as for the server: in a process without the tests' NODE_ENV. */
export default async function set_up(): Promise<void> {
  await footage();
  const { NODE_ENV: _ours, VITEST: _too, ...env } = process.env;
  execFileSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error', '--outDir', 'node_modules/.cache/dist', '--emptyOutDir'], {
    cwd: new URL('../..', import.meta.url).pathname,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

// node tests/support/run_fake_hall.mjs [DIST]: the pages with made footage, to look at. Account: anything, password: correct horse.
import { resolve } from 'node:path';
import { FakeHall } from './fake_hall.mjs';

const hall = await new FakeHall(resolve(process.argv[2] ?? 'dist')).start();
console.log(`${hall.url}/cases/20260105-100137`);

import { join } from 'node:path';
import test, { after } from 'node:test';
import { openQueueStore } from './open-queue.ts';
import { checkRandomly } from './queue-random.ts';
import { testQueueStore } from './queue-suite.ts';
import { temporaryFolder } from './temporary-folder.ts';

const root = temporaryFolder();
after(() => root[Symbol.dispose]());
let folders = 0;
const freshFolder = () => join(root.path, `queue-${++folders}`);

testQueueStore('sqlite', () => openQueueStore(`sqlite:${freshFolder()}`, { serve: true }));

test('any operations in any order do what the plain queue in memory does', () =>
  checkRandomly(() => openQueueStore(`sqlite:${freshFolder()}`, { serve: true }), 25));

/**
 * Run by a test as a process of its own: `rescue` or `undo` in the scene of a folder, killed at a step.
 */
import { join } from 'node:path';
import { rescue, undoAll } from './toy-rescue.ts';

const [, , command, folder = '', step] = process.argv;
let steps = 0;
const options = {
  renames: true,
  trip() {
    if (++steps >= Number(step)) process.kill(process.pid, 'SIGKILL');
  },
};
const scene = { queue: join(folder, 'queue'), data: join(folder, 'data') };
await (command === 'undo' ? undoAll(scene, options) : rescue(scene, options));

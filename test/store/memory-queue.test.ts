import { memoryQueue } from './memory-queue.ts';
import { testQueueStore } from './queue-suite.ts';

testQueueStore('memory', async () => memoryQueue());

import assert from 'node:assert/strict';
import test from 'node:test';
import { stuffDots } from './smtp-lines.ts';

const stuffed: readonly [name: string, content: string, want: string][] = [
  ['a dot at the start of a line is doubled', 'a\r\n.b\r\n', 'a\r\n..b\r\n.\r\n'],
  ['the very first dot too', '.\r\n', '..\r\n.\r\n'],
  ['a last line without end gets one', 'a', 'a\r\n.\r\n'],
  ['bare CR and bare LF become line ends', 'a\rb\n.c', 'a\r\nb\r\n..c\r\n.\r\n'],
  ['nothing is only the final dot', '', '.\r\n'],
];
for (const [name, content, want] of stuffed)
  test(name, () => assert.equal(stuffDots(content), want));

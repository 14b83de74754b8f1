import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { sendAlert } from './alert-mail.ts';

const content = Buffer.from('Subject: a flood\r\n\r\n.\r\nmore\r\n');

function sendmail(folder: string, script: string): string {
  const path = join(folder, 'sendmail');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

test('sendmail gets it with the null reverse-path, in lines as the machine writes them', async () => {
  using folder = temporaryFolder();
  const out = join(folder.path, 'out');
  const path = sendmail(folder.path, `{ echo "$@"; cat; } > ${out}`);
  await sendAlert('-oops@example.org', content, path);
  assert.equal(
    readFileSync(out, 'utf8'),
    '-i -f <> -- -oops@example.org\nSubject: a flood\n\n.\nmore\n',
  );
});

const failures: readonly [name: string, script: string, want: RegExp][] = [
  ['refuses', 'echo "no queue" >&2; exit 75', /ended with 75: no queue$/],
  ['hangs', 'exec sleep 600', /ended with SIGTERM/],
  ['reads nothing', 'exec 0<&-; exit 1', /ended with 1/],
];
for (const [name, script, want] of failures)
  test(`a sendmail that ${name} is told of`, async () => {
    using folder = temporaryFolder();
    const path = sendmail(folder.path, script);
    await assert.rejects(sendAlert('ann@example.org', content, path, 1000), want);
  });

test('a sendmail that does not exist is told of', async () => {
  await assert.rejects(sendAlert('ann@example.org', content, '/nowhere/sendmail'), /ENOENT/);
});

/**
 * Debian's `miltertest` as the mail server: a second opinion on the milter protocol, written by
 * others against libmilter.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import type { Judge } from '../../src/judge/judge.ts';
import { replies } from '../../src/mail/reply.ts';
import { serveMilter } from '../../src/server/milter.ts';
import { judgeLoop } from '../../src/verdict/loop.ts';
import type { Question, Verdict } from '../../src/verdict/verdict.ts';
import { accepted, us } from '../milter/dialog.ts';

const skip =
  spawnSync('miltertest', ['-V']).error === undefined ? false : 'needs the program miltertest';

function negative(action: 'refuse' | 'defer' | 'discard', reply: Verdict['reply']): Verdict {
  return { action, reply, reason: 'loopback', steps: [] };
}

function judgeByName(question: Question): Verdict {
  if (question.check === 'loop') return judgeLoop(question.facts);
  const path = (question.check === 'sender' ? question.reversePath : question.forwardPath) ?? '';
  if (path.endsWith('@seaton.biz'))
    return question.check === 'sender'
      ? negative('refuse', replies.senderBlackhole)
      : negative('refuse', replies.recipientBlackhole);
  if (path.endsWith('@slow.example')) return negative('defer', replies.recipientUnknown);
  if (path.endsWith('@drop.example')) return negative('discard', null);
  return accepted;
}

/** Functions for the scripts: each step must go well and get the reply that is named. */
const prelude = `
function must(trouble)
  if trouble ~= nil then error(trouble, 2) end
end
function expect(wanted, what)
  local got = mt.getreply(conn)
  if got ~= wanted then
    error(what .. ': expected ' .. string.char(wanted) .. ', got ' .. string.char(got), 2)
  end
end
-- the manual page has the last two the other way round
function open(version, steps, actions)
  conn = mt.connect('inet:' .. port .. '@127.0.0.1')
  if conn == nil then error('no connection') end
  must(mt.negotiate(conn, version, steps, actions))
  must(mt.macro(conn, SMFIC_CONNECT, 'j', 'mx.example.net', '{daemon_name}', 'MTA'))
  must(mt.conninfo(conn, 'client.example', '192.0.2.7'))
  must(mt.helo(conn, 'client.example'))
end
function mail(path)
  must(mt.macro(conn, SMFIC_MAIL, 'i', 'k85', '{mail_host}', 'example.org'))
  must(mt.mailfrom(conn, path, 'SIZE=100'))
end
function rcpt(path)
  must(mt.macro(conn, SMFIC_RCPT, '{rcpt_mailer}', 'esmtp', '{rcpt_host}', 'example.org'))
  must(mt.rcptto(conn, path))
end
`;

const scripts: readonly [name: string, script: string, checks: string][] = [
  [
    'an accepted message, version 6: what we asked for is what it understood',
    `open(6, nil, nil)
     if not mt.test_option(conn, SMFIP_NOBODY) then error('body not opted out of') end
     if not mt.test_option(conn, SMFIP_NOEOH) then error('end of headers not opted out of') end
     if not mt.test_option(conn, SMFIP_NR_HDR) then error('headers would be answered') end
     if not mt.test_action(conn, SMFIF_QUARANTINE) then error('no quarantine') end
     if mt.test_action(conn, SMFIF_CHGBODY) then error('more actions than needed') end
     mail('<ann@example.org>') expect(SMFIR_CONTINUE, 'MAIL')
     rcpt('<bob@example.net>') expect(SMFIR_CONTINUE, 'RCPT')
     must(mt.header(conn, 'Subject', 'hello'))
     must(mt.eom(conn)) expect(SMFIR_CONTINUE, 'end of message')
     if mt.eom_check(conn, MT_HDRADD) or mt.eom_check(conn, MT_BODYCHANGE) then
       error('the message was changed')
     end
     mt.disconnect(conn)`,
    'sender mailbox loop',
  ],
  [
    'a refusal at MAIL, and another transaction after it',
    `open(6, nil, nil)
     mail('<nicholas@seaton.biz>') expect(SMFIR_REPLYCODE, 'MAIL')
     must(mt.abort(conn))
     mail('<ann@example.org>') expect(SMFIR_CONTINUE, 'second MAIL')
     mt.disconnect(conn)`,
    'sender sender',
  ],
  [
    'a refusal at RCPT that leaves the other recipient its message',
    `open(6, nil, nil)
     mail('<ann@example.org>') expect(SMFIR_CONTINUE, 'MAIL')
     rcpt('<nicholas@seaton.biz>') expect(SMFIR_REPLYCODE, 'first RCPT')
     rcpt('<bob@example.net>') expect(SMFIR_CONTINUE, 'second RCPT')
     must(mt.header(conn, 'Subject', 'hello'))
     must(mt.eom(conn)) expect(SMFIR_CONTINUE, 'end of message')
     mt.disconnect(conn)`,
    'sender mailbox mailbox loop',
  ],
  [
    'a deferral at RCPT',
    `open(6, nil, nil)
     mail('<ann@example.org>') expect(SMFIR_CONTINUE, 'MAIL')
     rcpt('<bob@slow.example>') expect(SMFIR_REPLYCODE, 'RCPT')
     mt.disconnect(conn)`,
    'sender mailbox',
  ],
  [
    'a message that goes in circles',
    `open(6, nil, nil)
     mail('<ann@example.org>') rcpt('<bob@example.net>')
     for hop = 1, 6 do
       must(mt.header(conn, 'Received', 'from a.example by mx.example.net; Tue'))
     end
     must(mt.eom(conn)) expect(SMFIR_REPLYCODE, 'end of message')
     mt.disconnect(conn)`,
    'sender mailbox loop',
  ],
  [
    'one recipient of two is taken off at the end',
    `open(6, nil, nil)
     mail('<ann@example.org>') rcpt('<bob@drop.example>') expect(SMFIR_CONTINUE, 'RCPT')
     rcpt('<carl@example.net>')
     must(mt.header(conn, 'Subject', 'hello'))
     must(mt.eom(conn)) expect(SMFIR_CONTINUE, 'end of message')
     if not mt.eom_check(conn, MT_RCPTDELETE, '<bob@drop.example>') then error('not taken off') end
     if mt.eom_check(conn, MT_RCPTDELETE, '<carl@example.net>') then error('wrong one') end
     mt.disconnect(conn)`,
    'sender mailbox mailbox loop',
  ],
  [
    'version 2: headers and body are sent and answered',
    `open(2, 0x2f, 0x3f)
     mail('<ann@example.org>') expect(SMFIR_CONTINUE, 'MAIL')
     rcpt('<nicholas@seaton.biz>') expect(SMFIR_REPLYCODE, 'RCPT')
     rcpt('<bob@example.net>') expect(SMFIR_CONTINUE, 'second RCPT')
     must(mt.header(conn, 'Subject', 'hello')) expect(SMFIR_CONTINUE, 'header')
     must(mt.eoh(conn)) expect(SMFIR_CONTINUE, 'end of headers')
     must(mt.bodystring(conn, string.rep('x', 60000))) expect(SMFIR_CONTINUE, 'body')
     must(mt.eom(conn)) expect(SMFIR_CONTINUE, 'end of message')
     mt.disconnect(conn)`,
    'sender mailbox mailbox loop',
  ],
  [
    'a mail server that hangs up in the middle',
    `open(6, nil, nil)
     mail('<ann@example.org>') expect(SMFIR_CONTINUE, 'MAIL')
     mt.disconnect(conn, false)`,
    'sender',
  ],
];

for (const [name, script, checks] of scripts)
  test(`miltertest: ${name}`, { skip }, async () => {
    const questions: Question[] = [];
    const judge: Judge = {
      ask: (question) => {
        questions.push(question);
        return judgeByName(question);
      },
    };
    await using listener = await serveMilter(
      judge,
      { host: '127.0.0.1', port: 0 },
      { identity: us },
    );
    assert.ok('port' in listener.endpoint);
    const child = execFile('miltertest', ['-D', `port=${listener.endpoint.port}`]);
    let output = '';
    child.stdout?.on('data', (text) => {
      output += text;
    });
    child.stderr?.on('data', (text) => {
      output += text;
    });
    child.stdin?.end(`${prelude}
      local went_well, trouble = pcall(function() ${script} end)
      if not went_well then print(trouble) os.exit(1) end`);
    const [status] = await once(child, 'close');
    assert.equal(status, 0, output);
    assert.equal(questions.map((question) => question.check).join(' '), checks);
    for (const { queueId } of questions) assert.equal(queueId, 'k85');
  });

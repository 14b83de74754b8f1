import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Offer, plainOffer } from './client-offer.ts';
import { createTransaction, type TransactionTerms } from './client-transaction.ts';
import { clientWords } from './client-words.ts';

const pipelined: Offer = { ...plainOffer, pipelining: true };

function termsOf(rcpts: number, more: Partial<TransactionTerms> = {}): TransactionTerms {
  const names = Array.from({ length: rcpts }, (_, i) => `RCPT TO:<${i}@x>`);
  const envelope = { mail: 'MAIL FROM:<>', rcpt: names, isBinary: false };
  const base = { envelope, offer: pipelined, protocol: 'smtp', needsReset: false } as const;
  return { ...base, isEnquiry: false, ...more };
}

/** What is written, with `content` where it is sent; then what became of each recipient. */
function play(
  terms: TransactionTerms,
  replies: string,
): { said: string; became: string; after: string } {
  const transaction = createTransaction(terms);
  const said = [flat(transaction.begin())];
  for (const reply of replies.split(', ')) {
    const [, code = '', text = ''] = /^(\d+) ?(.*)$/.exec(reply) ?? [];
    const step = transaction.take({ code: Number(code), lines: [text] });
    if (step.kind === 'write') said.push(flat(step.text));
    else if (step.kind !== 'wait') said.push(step.kind);
    // `250early` would be a reply while content is still sent.
    if (step.kind === 'content' && !replies.includes('early')) transaction.contentEnded();
    if (step.kind === 'end') break;
  }
  const became = transaction.sent.map((sent) =>
    sent ? `${sent.kind} ${sent.reply.code}` : 'open',
  );
  const after = `${transaction.canGoOn ? 'goes on' : 'over'}${transaction.needsReset ? ', RSET' : ''}`;
  return { said: said.join(' | '), became: became.join(', '), after };
}

function flat(text: string): string {
  return text.trimEnd().replaceAll('\r\n', '; ');
}

const all2 = 'MAIL FROM:<>; RCPT TO:<0@x>; RCPT TO:<1@x>; DATA';
const stepwise: Partial<TransactionTerms> = { offer: plainOffer };
const lmtp: Partial<TransactionTerms> = { protocol: 'lmtp' };
const binary = { ...termsOf(2).envelope, isBinary: true };

const cases: readonly [
  name: string,
  terms: Partial<TransactionTerms>,
  replies: string,
  said: string,
  became: string,
  after: string,
][] = [
  [
    'all in one go',
    {},
    '250, 250, 250, 354, 250',
    `${all2} | content | end`,
    'taken 250, taken 250',
    'goes on',
  ],
  [
    'step by step',
    stepwise,
    '250, 250, 250, 354, 250',
    'MAIL FROM:<> | RCPT TO:<0@x> | RCPT TO:<1@x> | DATA | content | end',
    'taken 250, taken 250',
    'goes on',
  ],
  [
    'RSET first where something was left over',
    { needsReset: true },
    '250, 250, 250, 250, 354, 250',
    `RSET; ${all2} | content | end`,
    'taken 250, taken 250',
    'goes on',
  ],
  [
    'RSET refused',
    { needsReset: true },
    '500',
    `RSET; ${all2} | end`,
    'lost 451, lost 451',
    'over',
  ],
  [
    'one recipient refused',
    {},
    '250, 550, 250, 354, 250',
    `${all2} | content | end`,
    'failed 550, taken 250',
    'goes on',
  ],
  [
    'one recipient put off',
    {},
    '250, 450, 250, 354, 250',
    `${all2} | content | end`,
    'deferred 450, taken 250',
    'goes on',
  ],
  [
    'all refused, and DATA too',
    {},
    '250, 550, 551, 503',
    `${all2} | end`,
    'failed 550, failed 551',
    'goes on, RSET',
  ],
  [
    'all refused, yet DATA welcome',
    {},
    '250, 550, 551, 354, 554',
    `${all2} | . | end`,
    'failed 550, failed 551',
    'goes on',
  ],
  [
    'all refused, step by step',
    stepwise,
    '250, 550, 551',
    'MAIL FROM:<> | RCPT TO:<0@x> | RCPT TO:<1@x> | end',
    'failed 550, failed 551',
    'goes on, RSET',
  ],
  [
    'MAIL refused',
    {},
    '550, 503, 503, 503',
    `${all2} | end`,
    'failed 550, failed 550',
    'goes on, RSET',
  ],
  [
    'MAIL put off',
    {},
    '451, 503, 503, 503',
    `${all2} | end`,
    'deferred 451, deferred 451',
    'goes on, RSET',
  ],
  [
    'MAIL refused, step by step',
    stepwise,
    '550',
    'MAIL FROM:<> | end',
    'failed 550, failed 550',
    'goes on, RSET',
  ],
  [
    'MAIL refused, and all else welcome',
    {},
    '550, 250, 250, 354, 250',
    `${all2} | . | end`,
    'failed 550, failed 550',
    'goes on',
  ],
  [
    'DATA refused',
    {},
    '250, 250, 550, 554',
    `${all2} | end`,
    'failed 554, failed 550',
    'goes on, RSET',
  ],
  [
    'DATA put off',
    {},
    '250, 250, 250, 451',
    `${all2} | end`,
    'deferred 451, deferred 451',
    'goes on, RSET',
  ],
  [
    'content refused',
    {},
    '250, 250, 250, 354, 554',
    `${all2} | content | end`,
    'failed 554, failed 554',
    'goes on, RSET',
  ],
  [
    'content put off',
    {},
    '250, 250, 250, 354, 452',
    `${all2} | content | end`,
    'deferred 452, deferred 452',
    'goes on, RSET',
  ],
  [
    'enough recipients',
    {},
    '250, 250, 452 4.5.3 Enough, 354, 250',
    `${all2} | content | end`,
    'taken 250, again 452',
    'goes on',
  ],
  [
    'enough, in old words',
    {},
    '250, 250, 552 Too many, 354, 250',
    `${all2} | content | end`,
    'taken 250, again 552',
    'goes on',
  ],
  [
    'a full mailbox is not enough recipients',
    {},
    '250, 250, 452 4.2.2 Full, 354, 250',
    `${all2} | content | end`,
    'taken 250, deferred 452',
    'goes on',
  ],
  [
    'nor is one that is full for good',
    {},
    '250, 250, 552 5.2.2 Full, 354, 250',
    `${all2} | content | end`,
    'taken 250, failed 552',
    'goes on',
  ],
  [
    'enough before the first is a deferral',
    {},
    '250, 452 4.5.3, 452 4.5.3, 503',
    `${all2} | end`,
    'deferred 452, deferred 452',
    'goes on, RSET',
  ],
  [
    '251 and 252 are good',
    {},
    '250, 251, 252, 354, 250',
    `${all2} | content | end`,
    'taken 250, taken 250',
    'goes on',
  ],
  ['421 at MAIL', {}, '421', `${all2} | end`, 'lost 421, lost 421', 'over'],
  [
    '421 after a refusal',
    {},
    '250, 550, 421',
    `${all2} | end`,
    'failed 550, lost 421',
    'over, RSET',
  ],
  [
    '421 after the content',
    {},
    '250, 250, 250, 354, 421',
    `${all2} | content | end`,
    'deferred 421, deferred 421',
    'over, RSET',
  ],
  ['354 to MAIL', {}, '354', `${all2} | end`, 'lost 451, lost 451', 'over'],
  ['250 to DATA', {}, '250, 250, 250, 250', `${all2} | end`, 'lost 451, lost 451', 'over, RSET'],
  [
    '354 to the content',
    {},
    '250, 250, 250, 354, 354',
    `${all2} | content | end`,
    'deferred 451, deferred 451',
    'over, RSET',
  ],
  [
    'a reply ahead of its command',
    stepwise,
    '250, 250, 250, 354, 250early, 250early',
    'MAIL FROM:<> | RCPT TO:<0@x> | RCPT TO:<1@x> | DATA | content | end',
    'lost 451, lost 451',
    'over, RSET',
  ],
  [
    'content refused before its end',
    {},
    '250, 250, 250, 354, 552 early',
    `${all2} | content | end`,
    'failed 552, failed 552',
    'over, RSET',
  ],
  [
    'content taken before its end',
    {},
    '250, 250, 250, 354, 250 early',
    `${all2} | content | end`,
    'lost 451, lost 451',
    'over, RSET',
  ],
  [
    'LMTP: a reply for each',
    lmtp,
    '250, 250, 250, 354, 250, 550',
    `${all2} | content | end`,
    'taken 250, failed 550',
    'goes on',
  ],
  [
    'LMTP: only for the accepted',
    lmtp,
    '250, 550, 250, 354, 452',
    `${all2} | content | end`,
    'failed 550, deferred 452',
    'goes on',
  ],
  [
    'LMTP: gone after the first',
    lmtp,
    '250, 250, 250, 354, 250, 421',
    `${all2} | content | end`,
    'taken 250, deferred 421',
    'over, RSET',
  ],
  [
    'LMTP: nobody accepted, yet 354',
    lmtp,
    '250, 550, 550, 354',
    `${all2} | end`,
    'failed 550, failed 550',
    'over, RSET',
  ],
  [
    'BDAT waits for RCPT only',
    { envelope: binary },
    '250, 250, 550, 250',
    'MAIL FROM:<>; RCPT TO:<0@x>; RCPT TO:<1@x> | content | end',
    'taken 250, failed 550',
    'goes on',
  ],
  [
    'BDAT is not begun for nobody',
    { envelope: binary },
    '250, 550, 550',
    'MAIL FROM:<>; RCPT TO:<0@x>; RCPT TO:<1@x> | end',
    'failed 550, failed 550',
    'goes on, RSET',
  ],
  [
    'a question',
    { isEnquiry: true },
    '250, 250, 550, 250',
    'MAIL FROM:<>; RCPT TO:<0@x>; RCPT TO:<1@x>; RSET | end',
    'taken 250, failed 550',
    'goes on',
  ],
  [
    'a question, step by step',
    { isEnquiry: true, ...stepwise },
    '250, 250, 550, 250',
    'MAIL FROM:<> | RCPT TO:<0@x> | RCPT TO:<1@x> | RSET | end',
    'taken 250, failed 550',
    'goes on',
  ],
];
for (const [name, more, replies, said, became, after] of cases)
  test(name, () => assert.deepEqual(play(termsOf(2, more), replies), { said, became, after }));

test('a recipient that cannot be asked for is left out', () => {
  const envelope = { ...termsOf(2).envelope, rcpt: [clientWords.needsUtf8, 'RCPT TO:<1@x>'] };
  assert.deepEqual(play(termsOf(2, { envelope }), '250, 250, 354, 250'), {
    said: 'MAIL FROM:<>; RCPT TO:<1@x>; DATA | content | end',
    became: 'failed 553, taken 250',
    after: 'goes on',
  });
});

test('what MAIL was refused with is told apart from what RCPT was', () => {
  const enquiry = createTransaction(termsOf(1, { isEnquiry: true }));
  enquiry.begin();
  enquiry.take({ code: 550, lines: ['5.7.1 Not from you'] });
  assert.equal(enquiry.mailRefusal?.status, '5.7.1');
});

test('lost after the content is a deferral, lost before is not decided', () => {
  for (const [sent, want] of [
    [false, 'lost'],
    [true, 'deferred'],
  ] as const) {
    const transaction = createTransaction(termsOf(1));
    transaction.begin();
    for (const code of [250, 250, 354]) transaction.take({ code, lines: [''] });
    if (sent) transaction.contentEnded();
    transaction.giveUp(clientWords.lost);
    assert.equal(transaction.sent[0]?.kind, want);
  }
});

test('whatever a server says, each recipient has one end, and taken means a 2xx after the content', () => {
  const code = fc.constantFrom(250, 250, 250, 251, 354, 421, 450, 452, 550, 552);
  const terms = fc.record({
    pipelining: fc.boolean(),
    protocol: fc.constantFrom('smtp', 'lmtp'),
    needsReset: fc.boolean(),
    isBinary: fc.boolean(),
    rcpts: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(terms, fc.array(code, { maxLength: 20 }), (given, codes) => {
      const { rcpts, protocol, needsReset } = given;
      const envelope = { ...termsOf(rcpts).envelope, isBinary: given.isBinary };
      const offer = { ...plainOffer, pipelining: given.pipelining };
      const transaction = createTransaction(
        termsOf(rcpts, { envelope, offer, protocol, needsReset }),
      );
      transaction.begin();
      let finals = 0;
      for (const code of codes) {
        if (transaction.isContentSent && code < 300) finals++;
        const step = transaction.take({ code, lines: ['x'] });
        if (step.kind === 'content') transaction.contentEnded();
        if (step.kind === 'end') break;
      }
      transaction.giveUp(clientWords.lost);
      assert.ok(transaction.sent.every((sent) => sent !== null));
      const taken = transaction.sent.filter((sent) => sent?.kind === 'taken').length;
      if (taken > 0) assert.ok(finals > 0);
      if (protocol === 'lmtp') assert.ok(taken <= finals);
    }),
    { numRuns: 500 },
  );
});

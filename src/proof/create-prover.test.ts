import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { liveMemory } from '../../test/live-memory.ts';
import { createResolver } from '../dns/resolver.ts';
import { startDnsServer, type ZoneData } from '../replay/dns-server.ts';
import { noProof } from '../verdict/sender-proof.ts';
import { createProver } from './create-prover.ts';
import type { Proved, SenderCircumstances } from './prover.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ed25519 = generateKeyPairSync('ed25519');
const rsaKey = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const edKey = ed25519.publicKey
  .export({ type: 'spki', format: 'der' })
  .subarray(-32)
  .toString('base64');
const key = `v=DKIM1; k=rsa; p=${rsaKey}`;

const records: ZoneData = {
  'seaton.biz': { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] },
  '_dmarc.seaton.biz': { TXT: ['v=DMARC1; p=reject'] },
  'sel._domainkey.seaton.biz': { TXT: [key] },
  'ed._domainkey.seaton.biz': { TXT: [`v=DKIM1; k=ed25519; p=${edKey}`] },
  'test._domainkey.seaton.biz': { TXT: [`v=DKIM1; t=y; k=rsa; p=${rsaKey}`] },
  'dead._domainkey.seaton.biz': { TXT: [key], trick: 'servfail' },
  'mail.seaton.biz': { TXT: ['v=spf1 a:host.seaton.biz -all'] },
  'host.seaton.biz': { A: ['192.0.2.9'] },
  'soft.example': { TXT: ['v=spf1 mx ~all'], MX: [[10, 'host.seaton.biz']] },
  'down.example': { TXT: ['v=spf1 -all'], trick: 'servfail' },
  'twice.example': { TXT: ['v=spf1 -all', 'v=spf1 +all'] },
  'endless.example': { TXT: ['v=spf1 include:endless.example -all'] },
  'quarantine.example': { TXT: ['v=spf1 -all'] },
  '_dmarc.quarantine.example': { TXT: ['v=DMARC1; p=quarantine'] },
  'other.example': { TXT: ['v=spf1 +all'] },
  'sel._domainkey.other.example': { TXT: [key] },
};

const nobody: SenderCircumstances = {
  clientAddress: '192.0.2.1',
  clientName: null,
  helo: 'mail.seaton.biz',
  reversePath: 'ann@seaton.biz',
  login: null,
  trustedNetwork: false,
};

interface Given {
  readonly sender?: Partial<SenderCircumstances>;
  readonly message?: string | Buffer;
  /** Octets in one piece; default: all. */
  readonly piece?: number;
  readonly deadline?: number;
  readonly records?: ZoneData;
}

const faults: unknown[] = [];

async function prove(given: Given): Promise<Proved> {
  await using server = await startDnsServer({ records: given.records ?? records });
  await using resolver = createResolver({ servers: [server], tryTimeout: 200, deadline: 1000 });
  const prover = createProver({
    resolver,
    name: 'mx.example.org',
    deadline: given.deadline ?? 8000,
    onFault: (fault) => faults.push(fault),
  });
  const session = prover.begin({ ...nobody, ...given.sender });
  const bytes = Buffer.from(given.message ?? plain);
  const step = given.piece ?? Math.max(bytes.length, 1);
  for (let at = 0; at < bytes.length; at += step)
    await session.write(bytes.subarray(at, at + step));
  return await session.end();
}

const plain = 'From: Ann <ann@seaton.biz>\r\nSubject: Hi\r\n\r\nHello\r\n';

async function sign(
  message: string,
  domain = 'seaton.biz',
  selector = 'sel',
  more: object = {},
): Promise<string> {
  const privateKey = selector === 'ed' ? ed25519.privateKey : rsa.privateKey;
  const signer = {
    signingDomain: domain,
    selector,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ...more,
  };
  // The types want the signer here, the code there.
  const { signatures } = await dkimSign(message, {
    canonicalization: 'relaxed/relaxed',
    ...signer,
    signatureData: [signer],
  });
  return signatures + message;
}

/** `spf pass seaton.biz; dkim seaton.biz; dmarc pass reject seaton.biz` */
function tell({ proof }: Proved): string {
  const { spf, dkim, dmarc } = proof;
  return [
    spf && `spf ${spf.result} ${spf.domain}`,
    dkim.length > 0 && `dkim ${dkim.join(' ')}`,
    dmarc && `dmarc ${dmarc.result} ${dmarc.policy} ${dmarc.domain}`,
  ]
    .filter(Boolean)
    .join('; ');
}

const stranger = { clientAddress: '198.51.100.1' };
const signed = await sign(plain);
const passed = 'dmarc pass reject seaton.biz';
const failed = 'dmarc fail reject seaton.biz';
const unproved = 'spf fail seaton.biz';

const cases: readonly [name: string, given: Given, want: string][] = [
  ['SPF passes and is aligned', {}, `spf pass seaton.biz; ${passed}`],
  ['SPF fails', { sender: stranger }, `${unproved}; ${failed}`],
  [
    'a mapped address is the IPv4 address',
    { sender: { clientAddress: '::ffff:192.0.2.1' } },
    `spf pass seaton.biz; ${passed}`,
  ],
  [
    'SPF of a subdomain is aligned',
    { sender: { clientAddress: '192.0.2.9', reversePath: 'ann@mail.seaton.biz' } },
    `spf pass mail.seaton.biz; ${passed}`,
  ],
  [
    'SPF of another domain is no help to the author',
    { sender: { reversePath: 'ann@other.example' } },
    `spf pass other.example; ${failed}`,
  ],
  [
    'SPF softfails',
    { sender: { reversePath: 'ann@soft.example' } },
    `spf softfail soft.example; ${failed}`,
  ],
  [
    'SPF passes by MX',
    { sender: { reversePath: 'ann@soft.example', clientAddress: '192.0.2.9' } },
    `spf pass soft.example; ${failed}`,
  ],
  [
    'DNS is down for the sender, not for the author',
    { sender: { reversePath: 'ann@down.example' } },
    `spf temperror down.example; ${failed}`,
  ],
  [
    'two SPF records are an error',
    { sender: { reversePath: 'ann@twice.example' } },
    `spf permerror twice.example; ${failed}`,
  ],
  [
    'SPF that includes itself is an error',
    { sender: { reversePath: 'ann@endless.example' } },
    `spf permerror endless.example; ${failed}`,
  ],
  [
    'there is no such sender domain',
    { sender: { reversePath: 'ann@nowhere.example' } },
    `spf none nowhere.example; ${failed}`,
  ],
  [
    'the null reverse-path is checked by the name in HELO',
    { sender: { reversePath: '', clientAddress: '192.0.2.9' } },
    `spf pass mail.seaton.biz; ${passed}`,
  ],
  [
    'a null reverse-path and no name in HELO',
    { sender: { reversePath: '', helo: '[192.0.2.1]' } },
    failed,
  ],
  ['a client without an address', { sender: { clientAddress: 'unix' } }, failed],
  [
    'a signature of the author, who forwards',
    { sender: { ...stranger, reversePath: 'ann@other.example' }, message: signed },
    `spf pass other.example; ${passed}`,
  ],
  [
    'a signature that holds',
    { sender: stranger, message: signed },
    `${unproved}; dkim seaton.biz; ${passed}`,
  ],
  [
    'an Ed25519 signature that holds',
    { sender: stranger, message: await sign(plain, 'seaton.biz', 'ed') },
    `${unproved}; dkim seaton.biz; ${passed}`,
  ],
  [
    'a signature that holds, of somebody else',
    { sender: stranger, message: await sign(plain, 'other.example') },
    `${unproved}; ${failed}`,
  ],
  [
    'a changed body',
    { sender: stranger, message: signed.replace('Hello', 'Hallo') },
    `${unproved}; ${failed}`,
  ],
  [
    'a changed author',
    { sender: stranger, message: signed.replace('Ann <', 'Bob <') },
    `${unproved}; ${failed}`,
  ],
  [
    'a key that does not exist',
    { sender: stranger, message: signed.replace('s=sel', 's=les') },
    `${unproved}; ${failed}`,
  ],
  [
    'a selector that DNS could not know is no failure of DNS',
    { sender: stranger, message: signed.replace('s=sel', `s=${'x.'.repeat(200)}y`) },
    `${unproved}; ${failed}`,
  ],
  [
    'a key that cannot be looked up leaves doubt',
    { sender: stranger, message: await sign(plain, 'seaton.biz', 'dead') },
    `${unproved}; dmarc temperror reject seaton.biz`,
  ],
  [
    'a signature with a key for tests is no proof',
    { sender: stranger, message: await sign(plain, 'seaton.biz', 'test') },
    `${unproved}; ${passed}`,
  ],
  [
    'a signature for the beginning of the content is no proof',
    {
      sender: stranger,
      message: `${await sign(plain, 'seaton.biz', 'sel', { maxBodyLength: 3 })}More\r\n`,
    },
    `${unproved}; ${passed}`,
  ],
  [
    'one good signature among broken ones',
    {
      sender: stranger,
      message: `${signed.slice(0, signed.indexOf('From:')).replace('b=', 'b=AAAA')}${signed}`,
    },
    `${unproved}; dkim seaton.biz; ${passed}`,
  ],
  [
    'the signatures after the sixth do not count',
    {
      sender: stranger,
      message: `${'DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=x; b=y\r\n'.repeat(6)}${signed}`,
    },
    `${unproved}; ${failed}`,
  ],
  [
    'signatures that want more than three different hashes do not count',
    {
      sender: stranger,
      message: `${[1, 2, 3].map((l) => `DKIM-Signature: v=1; a=rsa-sha256; l=${l}; d=a.example; s=s; h=from; bh=x; b=y\r\n`).join('')}${signed}`,
    },
    `${unproved}; ${failed}`,
  ],
  [
    'content that is too much to hash has no signature that holds',
    { sender: stranger, message: await sign(`${plain}${'x'.repeat(100_001)}\r\n`) },
    `${unproved}; ${failed}`,
  ],
  [
    'an author at a name that is no domain, below one',
    { sender: stranger, message: `From: x@${'a.'.repeat(200)}seaton.biz\r\n\r\n` },
    `${unproved}; ${failed}`,
  ],
  [
    'a policy of quarantine',
    { sender: stranger, message: 'From: x@quarantine.example\r\n\r\n' },
    `${unproved}; dmarc fail quarantine quarantine.example`,
  ],
  [
    'an author whose domain says nothing',
    { message: 'From: x@other.example\r\n\r\n' },
    'spf pass seaton.biz; dmarc none none other.example',
  ],
  [
    'of two authors the stricter counts',
    { sender: stranger, message: 'From: x@other.example, ann@seaton.biz\r\n\r\n' },
    `${unproved}; ${failed}`,
  ],
  [
    'of two From fields the stricter counts',
    { sender: stranger, message: 'From: x@other.example\r\nFrom : ann@seaton.biz\r\n\r\n' },
    `${unproved}; ${failed}`,
  ],
  ['no author', { sender: stranger, message: 'Subject: Hi\r\n\r\nHello\r\n' }, unproved],
  ['no content', { sender: stranger, message: '' }, unproved],
  [
    'a header without a body',
    { message: 'From: ann@seaton.biz\r\n' },
    `spf pass seaton.biz; ${passed}`,
  ],
  [
    'a body that looks like a header',
    { sender: stranger, message: '\r\nFrom: ann@seaton.biz\r\n' },
    unproved,
  ],
];
for (const [name, given, want] of cases)
  test(name, async () => {
    assert.equal(tell(await prove(given)), want);
    assert.deepEqual(faults, []);
  });

const results: readonly [name: string, given: Given, want: string][] = [
  [
    'all that was found',
    { message: signed },
    `mx.example.org;
	spf=pass smtp.mailfrom=seaton.biz;
	dkim=pass header.d=seaton.biz header.s=sel;
	dmarc=pass policy.dmarc=reject header.from=seaton.biz`,
  ],
  [
    'the name in HELO',
    { sender: { reversePath: '' }, message: 'From: x@other.example\r\n\r\n' },
    `mx.example.org;
	spf=fail smtp.helo=mail.seaton.biz;
	dmarc=none header.from=other.example`,
  ],
  ['a login', { sender: { login: 'ann' } }, 'mx.example.org;\r\n\tauth=pass'],
  ['a network of ours', { sender: { trustedNetwork: true } }, 'mx.example.org;\r\n\tnone'],
  [
    'words of the sender that could forge a result',
    {
      sender: { reversePath: '"x; spf=pass smtp.mailfrom=(a)"@seaton.biz', ...stranger },
      message: signed
        .replace('d=seaton.biz', 'd=x.example dkim=pass')
        .replace('s=sel', 's=(spf=pass)\r\n\t"'),
    },
    `mx.example.org;
	spf=fail smtp.mailfrom=seaton.biz;
	dkim=neutral;
	dmarc=fail policy.dmarc=reject header.from=seaton.biz`,
  ],
];
for (const [name, given, want] of results)
  test(`the field tells of ${name}`, async () => {
    assert.equal((await prove(given)).results, want.replace(/\r?\n/g, '\r\n'));
  });

test('who is one of us causes no work', async () => {
  const queries: string[] = [];
  await using server = await startDnsServer({ records, onQuery: ({ name }) => queries.push(name) });
  await using resolver = createResolver({ servers: [server] });
  const prover = createProver({ resolver, name: 'mx.example.org', onFault: assert.ifError });
  for (const ours of [{ login: 'ann' }, { trustedNetwork: true }]) {
    const session = prover.begin({ ...nobody, ...ours });
    await session.write(Buffer.from(signed));
    assert.deepEqual((await session.end()).proof, { ...noProof, ...ours });
  }
  assert.deepEqual(queries, []);
});

test('the same comes out, wherever the content is cut', async () => {
  const want = await prove({ message: signed, sender: stranger });
  for (const piece of [1, 2, 3, 7, 64, 333])
    assert.deepEqual(await prove({ message: signed, sender: stranger, piece }), want);
});

test('the wait for DNS has an end, and a late answer is no pass', { timeout: 10_000 }, async () => {
  const slow: ZoneData = Object.fromEntries(
    Object.entries(records).map(([name, own]) => [name, { ...own, trick: 'timeout' }]),
  );
  const late = await prove({ records: slow, message: signed, deadline: 400 });
  assert.match(tell(late), /^spf temperror seaton.biz(; dmarc temperror none seaton.biz)?$/);
});

test('names of the sender that are slow leave doubt about none of the forged one', async () => {
  const slow = 'DKIM-Signature: v=1; a=rsa-sha256; d=slow.example; s=s; h=from; bh=x; b=y\r\n';
  const forged = await prove({
    sender: { ...stranger, reversePath: 'x@slow.example' },
    records: { ...records, '*.slow.example': { trick: 'timeout' } },
    message: `${slow.repeat(3)}${signed.replace('Hello', 'Hallo')}`,
    deadline: 800,
  });
  assert.match(tell(forged), /dmarc fail reject seaton.biz$/);
});

test('a signed message of 20 MB needs no room for itself', async () => {
  const line = Buffer.from(`${'x'.repeat(76)}\r\n`);
  const piece = Buffer.concat(Array.from({ length: 800 }, () => line));
  const count = 320;
  const head = 'From: ann@seaton.biz\r\n\r\n';
  const large = await sign(head + piece.toString().repeat(count));
  const prefix = Buffer.from(large.slice(0, large.indexOf(head)) + head);
  await using server = await startDnsServer({ records });
  await using resolver = createResolver({ servers: [server] });
  const prover = createProver({ resolver, name: 'mx.example.org', onFault: assert.ifError });
  const session = prover.begin({ ...nobody, ...stranger });
  await session.write(prefix);
  const before = liveMemory();
  let most = 0;
  for (let i = 0; i < count; i++) {
    await session.write(Uint8Array.from(piece));
    if (i % 64 === 63) most = Math.max(most, liveMemory() - before);
  }
  assert.equal(tell(await session.end()), `${unproved}; dkim seaton.biz; ${passed}`);
  assert.ok(most < 8_000_000, `${most} octets`);
});

test('no content breaks the checks, and none is proved by chance', async () => {
  await using server = await startDnsServer({ records });
  await using resolver = createResolver({ servers: [server] });
  const prover = createProver({ resolver, name: 'mx.example.org', onFault: assert.ifError });
  const parts = [
    'From:',
    ' ',
    '\r\n',
    '\n',
    '\r',
    ':',
    ';',
    ',',
    '<',
    '>',
    '"',
    '(',
    ')',
    '@',
    '=',
    'ann@seaton.biz',
    'DKIM-Signature:',
    'v=1;',
    'a=rsa-sha256;',
    'd=seaton.biz;',
    's=sel;',
    'h=from;',
    'bh=',
    'b=',
    'l=5;',
    'c=relaxed/relaxed;',
    'ARC-Seal:',
    'i=1;',
    'Content-Type: multipart/mixed; boundary=x',
    '=?utf-8?b?',
    'ü',
    '\0',
    '__proto__',
    'xn--',
    '[192.0.2.1]',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary' })), {
        maxLength: 60,
      }),
      fc.string({ unit: 'binary' }),
      async (words, helo) => {
        const session = prover.begin({ ...nobody, ...stranger, helo, reversePath: words.join('') });
        for (const word of words) await session.write(Buffer.from(word));
        const { proof, results } = await session.end();
        assert.deepEqual(proof.dkim, []);
        assert.match(results, /^mx\.example\.org(;\r\n\t[a-z0-9=. _-]+)+$/);
      },
    ),
    { numRuns: 300 },
  );
});

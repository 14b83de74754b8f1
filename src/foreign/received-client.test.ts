import assert from 'node:assert/strict';
import test from 'node:test';
import { clientOfReceived } from './received-client.ts';

const cases: readonly (readonly [server: string, value: string, client: string | null])[] = [
  ['Postfix', 'from a.example (unknown [192.0.2.66]) by mx (Postfix)', '192.0.2.66'],
  [
    'Postfix with TLS and a login',
    'from a.example (b.example [192.0.2.66])\t(using TLSv1.3 with cipher X (256/256 bits))\t(Authenticated sender: [198.51.100.9])\tby mx',
    '192.0.2.66',
  ],
  ['Postfix, IPv6', 'from a (unknown [IPv6:2001:DB8::1])\tby mx', '2001:db8::1'],
  ['Postfix, by hand on the machine', 'by mx (Postfix, from userid 33)\tid 1', null],
  ['sendmail', 'from a ([192.0.2.66] (may be forged))\tby mx', '192.0.2.66'],
  ['sendmail with IDENT', 'from a (IDENT:root@b.example [192.0.2.66])\tby mx', '192.0.2.66'],
  ['sendmail, by hand on the machine', '(from www-data@localhost)\tby mx', null],
  ['sendmail, HELO by address', 'from [198.51.100.9] (b [192.0.2.66])\tby mx', '192.0.2.66'],
  ['Exim', 'from [192.0.2.66] (helo=a)\tby mx with esmtp', '192.0.2.66'],
  ['Exim with a name', 'from b ([192.0.2.66] helo=[198.51.100.9])\tby mx', '192.0.2.66'],
  ['Exim with a port', 'from [192.0.2.66]:2525 (helo=a)\tby mx', '192.0.2.66'],
  ['Exim with IDENT', 'from b ([192.0.2.66] ident=[198.51.100.9])\tby mx', '192.0.2.66'],
  ['Exim, by hand on the machine', 'from www-data by mx with local (Exim 4.96)', null],
  ['OpenSMTPD', 'from a (<unknown> [192.0.2.66])\tby mx (OpenSMTPD)', '192.0.2.66'],
  ['OpenSMTPD, on the machine', 'from mx (mx [local])\tby mx (OpenSMTPD)', null],
  ['qmail', 'from unknown (HELO a) (192.0.2.66)  by mx with SMTP', '192.0.2.66'],
  ['qmail with IDENT', 'from b (HELO a) (root@192.0.2.66)  by mx with SMTP', '192.0.2.66'],
  ['an IPv4 address as IPv6', 'from a (b [::ffff:192.0.2.66])\tby mx', '192.0.2.66'],
  ['an address that is none', 'from a (b [192.0.2.666])\tby mx', null],
  ['a comment without an end', 'from a (b [192.0.2.66]', '192.0.2.66'],
  ['nothing', '', null],
];
for (const [server, value, client] of cases)
  test(`${server}: ${value}`, () => assert.equal(clientOfReceived(value), client));

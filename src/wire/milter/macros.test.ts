import assert from 'node:assert/strict';
import test from 'node:test';
import { clearAfter, clearFrom, macroAt, noMacros, setMacros } from './macros.ts';

test('a later stage sees what an earlier one said, and not the other way round', () => {
  const macros = setMacros(noMacros, 'M', ['i', 'ABC', '{mail_host}', 'seaton.biz']);
  assert.equal(macroAt(macros, 'M', 'i'), 'ABC');
  assert.equal(macroAt(macros, 'E', 'i'), 'ABC');
  assert.equal(macroAt(macros, 'C', 'i'), null);
  assert.equal(macroAt(macros, 'R', 'mail_host'), 'seaton.biz');
});

test('the latest word counts', () => {
  const early = setMacros(noMacros, 'C', ['i', 'first']);
  assert.equal(macroAt(setMacros(early, 'E', ['i', 'last']), 'E', 'i'), 'last');
});

test('names come bare or in braces', () => {
  const macros = setMacros(noMacros, 'R', ['{i}', 'ABC', 'rcpt_host', 'example.org']);
  assert.equal(macroAt(macros, 'R', 'i'), 'ABC');
  assert.equal(macroAt(macros, 'R', 'rcpt_host'), 'example.org');
});

test('a new list takes the place of the old one at its stage', () => {
  const first = setMacros(noMacros, 'R', ['{rcpt_host}', 'example.org', '{rcpt_mailer}', 'esmtp']);
  const second = setMacros(first, 'R', ['{rcpt_host}', 'example.net']);
  assert.equal(macroAt(second, 'R', 'rcpt_mailer'), null);
  assert.equal(macroAt(setMacros(first, 'R', []), 'R', 'rcpt_host'), null);
});

test('a stage clears what later stages said', () => {
  const macros = setMacros(setMacros(noMacros, 'H', ['j', 'mx']), 'R', ['i', 'ABC']);
  assert.equal(macroAt(clearAfter(macros, 'M'), 'E', 'i'), null);
  assert.equal(macroAt(clearAfter(macros, 'M'), 'E', 'j'), 'mx');
  assert.equal(macroAt(clearAfter(macros, 'R'), 'E', 'i'), 'ABC');
  assert.equal(macroAt(clearFrom(macros, 'R'), 'E', 'i'), null);
});

test('what nobody asks for is not kept, and a value without end is cut', () => {
  const macros = setMacros(noMacros, 'C', ['{cert_subject}', 'x', 'j', 'm'.repeat(5000), '{odd}']);
  assert.equal(macroAt(macros, 'C', 'cert_subject'), null);
  assert.equal(macroAt(macros, 'C', 'j')?.length, 1000);
});

/**
 * `--only`: which entries of a receipt an undo means.
 *
 * Of several recipients one that fits is enough: rather too much is put back than too little.
 */

import type { StoredEntry } from '../../store/archive-store.ts';
import { matches } from '../../store/wildcard.ts';
import { addressTest, domainOf, domainTest } from '../survey/where.ts';
import { readTerms, type Terms, type TestRead } from '../terms.ts';

/** `id=...`, `sender=*@good-1.example`, `recipient=...`, `domain=...`, `cause=2`, joined by blanks. */
export function parseOnly(text: string): TestRead<StoredEntry> {
  return readTerms(text, terms);
}

const anAddress = 'an address in which * stands for anything, or <> for no sender';

const terms: Terms<StoredEntry> = {
  id: {
    operators: ['='],
    expected: 'the name of a message, in which * stands for anything',
    read: (value) => (value === '' ? null : ({ id }) => matches(value, id)),
  },
  sender: {
    operators: ['='],
    expected: anAddress,
    read: (value) => {
      const fits = addressTest(value);
      return ({ reversePath }) => fits(reversePath);
    },
  },
  recipient: {
    operators: ['='],
    expected: anAddress,
    read: (value) => {
      const fits = addressTest(value);
      return ({ recipients }) => recipients.some(fits);
    },
  },
  domain: {
    operators: ['='],
    expected: 'a domain in which * stands for anything',
    read: (value) => {
      const fits = domainTest(value);
      return fits && (({ recipients }) => recipients.some((path) => fits(domainOf(path))));
    },
  },
  cause: {
    operators: ['='],
    expected: 'the number of a cause',
    read: (value) => (/^[1-9]\d{0,5}$/.test(value) ? ({ cause }) => cause === Number(value) : null),
  },
};

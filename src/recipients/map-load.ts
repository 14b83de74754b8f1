/**
 * A map on its way into memory: bytes in, table out.
 *
 * A line that cannot be read is left out and told; a file that is no text is broken as a whole.
 */
import type { MapEntryReading } from '../foreign/map-entry.ts';
import { createMapLineReader, type MapLines } from '../foreign/map-lines.ts';
import { parsePasswd } from '../foreign/passwd.ts';
import { parseRecipient, parseVirtualAlias } from '../foreign/postfix/lookup-table.ts';
import { parseAlias } from '../foreign/sendmail/aliases.ts';
import { parseVirtualUser } from '../foreign/sendmail/virtusertable.ts';
import { comparableDomain } from '../mail/address.ts';
import { type CompactTable, createCompactTableBuilder } from './compact-table.ts';
import type { MapKind } from './hosted-domain.ts';
import { foldLocalPart } from './local-part.ts';
import { formatMapValue } from './map-value.ts';

export interface LoadedMap extends MapNames {
  /** The first few things that an admin should know: `line 12: expected "name: address, ..."`. */
  readonly remarks: readonly string[];
  readonly remarkCount: number;
}

/** The names of a map, and which kinds of keys need not be looked for. */
export interface MapNames {
  readonly table: CompactTable;
  /** Keys without a domain. */
  readonly hasBare: boolean;
  /** Keys without a name. */
  readonly hasCatchAll: boolean;
}

export class MapFormatError extends Error {
  readonly code = 'MAP_FORMAT';
}

export interface MapLoad {
  /** Throws MapFormatError. */
  write(piece: Uint8Array): void;
  /** After the last piece. Yields now and then, so that others may have a turn. */
  finish(): Generator<void, LoadedMap>;
}

interface MapReader {
  readonly parse: (line: string) => MapEntryReading | null;
  readonly continues: boolean;
  readonly comments: boolean;
}

const readers: Readonly<Record<MapKind, MapReader>> = {
  aliases: { parse: parseAlias, continues: true, comments: true },
  virtusertable: { parse: parseVirtualUser, continues: false, comments: true },
  'virtual-alias': { parse: parseVirtualAlias, continues: true, comments: true },
  recipients: { parse: parseRecipient, continues: true, comments: true },
  passwd: { parse: parsePasswd, continues: false, comments: true },
  list: { parse: parseListed, continues: false, comments: true },
};

const remarkLimit = 5;
const plain = /^[A-Za-z0-9._+=-]*(?:@[A-Za-z0-9.-]*[A-Za-z0-9-])?$/;

export function startMapLoad(kind: MapKind): MapLoad {
  const { parse, ...style } = readers[kind];
  const lines = createMapLineReader(style);
  const builder = createCompactTableBuilder();
  const remarks: string[] = [];
  let remarkCount = 0;
  let hasBare = false;
  let hasCatchAll = false;

  function remark(number: number, text: string): void {
    if (++remarkCount <= remarkLimit) remarks.push(`line ${number}: ${text}`);
  }

  function take(read: MapLines): void {
    if ('problem' in read) throw new MapFormatError(read.problem);
    for (const { number, text } of read) {
      const entry = parse(text);
      if (entry === null) continue;
      if ('problem' in entry) {
        remark(number, entry.problem);
        continue;
      }
      if (entry.remark !== undefined) remark(number, entry.remark);
      const key = foldKey(entry.key);
      if (!key.includes('@')) hasBare = true;
      else if (key.startsWith('@') || key.startsWith('+*@')) hasCatchAll = true;
      builder.add(key, formatMapValue(entry.value));
    }
  }

  return {
    write: (piece) => take(lines.write(piece)),
    *finish() {
      take(lines.end());
      const table = yield* builder.build();
      return { table, hasBare, hasCatchAll, remarks, remarkCount };
    },
  };
}

/** One address or name on each line; what follows a blank is a note. */
function parseListed(line: string): MapEntryReading {
  const [key = ''] = line.trim().split(/\s/, 1);
  return { key, value: { kind: 'exists' } };
}

/** As the directory asks: the domain in A-labels, the local part as we compare it. */
function foldKey(key: string): string {
  if (plain.test(key)) return key.toLowerCase();
  const at = key.lastIndexOf('@');
  if (at < 0) return foldLocalPart(key);
  return `${foldLocalPart(key.slice(0, at))}@${comparableDomain(key.slice(at + 1))}`;
}

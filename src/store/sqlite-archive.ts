/**
 * An archive in one SQLite file, on the calling thread: commits are atomic and durable, so that neither
 * kill -9 nor a full disk needs code of ours.
 *
 * No write-ahead log: a receipt is one file that may be carried about. It stays locked while it is open,
 * so that no two runs work with it; the lock is the kernel's and ends with the process.
 */
import { DatabaseSync } from 'node:sqlite';
import {
  ArchiveOpenError,
  ArchiveReadError,
  ArchiveWriteError,
  EmptyArchiveError,
} from './archive-errors.ts';
import { type Position, pieceSize, readPieces, writePieces } from './archive-pieces.ts';
import {
  causeColumns,
  causeOf,
  causeValues,
  entryColumns,
  entryOf,
  entryValues,
  fileOf,
  runOf,
  runValues,
} from './archive-row.ts';
import { archiveSteps } from './archive-schema.ts';
import {
  type ArchiveBatch,
  type ArchivedRun,
  type ArchiveStore,
  entryStates,
  type FileFacts,
  type StoredEntry,
  type StoredState,
} from './archive-store.ts';
import { type FileOptions, inTransaction, limitSize } from './sqlite-file.ts';
import { migrate } from './sqlite-migrate.ts';
import { type Statements, statementsOf } from './sqlite-statements.ts';
import { encode } from './stored-text.ts';

/** ms to wait for another process, which keeps an archive for as long as it works with it. */
const patience = 500;
const pageEntries = 500;

export interface ArchivePlace {
  readonly name: string;
  readonly path: string;
}

/** `run`: of a new archive, whose file is there and empty. Throws ArchiveOpenError. */
export function openArchive(
  { name, path }: ArchivePlace,
  run: ArchivedRun | null,
  options: FileOptions = {},
): ArchiveStore {
  try {
    const database = new DatabaseSync(path, { timeout: patience });
    try {
      return archiveOf(database, { name, path }, run, options);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw new ArchiveOpenError(path, error);
  }
}

function prepare(database: DatabaseSync, run: ArchivedRun | null, options: FileOptions): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  database.exec('PRAGMA journal_mode = DELETE');
  // FULL would let a power cut bring the journal back, and with it the time before the last commit.
  database.exec('PRAGMA synchronous = EXTRA');
  if (options.maxBytes !== undefined) limitSize(database, options.maxBytes);
  database.exec('BEGIN EXCLUSIVE; COMMIT');
  if (run) writeRun(database, run);
  else if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'run'").get())
    throw new EmptyArchiveError();
  else migrate(database, archiveSteps);
}

/** All at once, so that a process that dies leaves an archive or an empty file. */
function writeRun(database: DatabaseSync, run: ArchivedRun): void {
  inTransaction(database, () => {
    for (const step of archiveSteps) database.exec(step);
    database.exec(`PRAGMA user_version = ${archiveSteps.length}`);
    database.prepare('INSERT INTO run VALUES (1, ?, ?, ?, ?, ?, ?, ?)').run(...runValues(run));
  });
}

function archiveOf(
  database: DatabaseSync,
  { name, path }: ArchivePlace,
  newRun: ArchivedRun | null,
  options: FileOptions,
): ArchiveStore {
  prepare(database, newRun, options);
  const statements = statementsOf(database);
  const found = statements.get('SELECT * FROM run');
  if (!found) throw new Error('its run was never written down');
  const load = readPieces(statements);
  /** Of the one batch at a time. */
  let buffer: Uint8Array | null = null;

  function write<Result>(change: () => Result): Result {
    try {
      return inTransaction(database, change);
    } catch (error) {
      throw new ArchiveWriteError(path, error);
    }
  }

  function read<Result>(look: () => Result): Result {
    try {
      return look();
    } catch (error) {
      throw new ArchiveReadError(path, error);
    }
  }

  return {
    name,
    path,
    run: runOf(found),
    putCause: (cause) =>
      write(() => {
        const { number, get, run } = statements;
        const known = number('SELECT number FROM cause WHERE name = ?', encode(cause.name));
        if (known !== null) return known;
        const isTaken = get('SELECT 1 FROM cause WHERE number = ?', cause.number);
        const next = (number('SELECT max(number) FROM cause') ?? 0) + 1;
        const own = isTaken ? next : cause.number;
        run(
          `INSERT INTO cause (${causeColumns}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
          ...causeValues(cause, own),
        );
        return own;
      }),
    causes: () => read(() => statements.all('SELECT * FROM cause ORDER BY number').map(causeOf)),
    announce: (entries, state) =>
      write(() =>
        entries.map((entry): StoredEntry => {
          const row = statements.get(
            `INSERT INTO entry (${entryColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
            ...entryValues(entry, state),
          );
          if (!row) throw new Error('an entry got no number');
          return entryOf(row);
        }),
      ),
    begin() {
      buffer ??= new Uint8Array(pieceSize);
      return beginBatch(database, statements, path, buffer);
    },
    settle: (changes) =>
      write(() => {
        for (const { number, state, restoredAs = null, problem = null } of changes)
          if (state === 'forgotten') {
            statements.run('DELETE FROM entry WHERE number = ?', number);
            statements.run('DELETE FROM file WHERE entry = ?', number);
          } else
            statements.run(
              'UPDATE entry SET state = ?, restored_as = ?, problem = ? WHERE number = ?',
              state,
              encode(restoredAs),
              encode(problem),
              number,
            );
      }),
    *entries(states = entryStates) {
      for (let after = 0; ; ) {
        const page = read(() =>
          statements
            .all(
              `SELECT * FROM entry WHERE number > ?
             AND state IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT ${pageEntries}`,
              after,
              JSON.stringify(states),
            )
            .map(entryOf),
        );
        yield* page;
        const last = page.at(-1);
        if (!last || page.length < pageEntries) return;
        after = last.number;
      }
    },
    counts: () => read(() => countStates(statements)),
    filesOf: (number) =>
      read(() =>
        statements
          .all('SELECT * FROM file WHERE entry = ? ORDER BY place', number)
          .map((row) => ({ row, facts: fileOf(row) })),
      ).map(({ row, facts }) => ({
        ...facts,
        async *content() {
          const from = { piece: Number(row['piece']), offset: Number(row['offset']) };
          try {
            yield* load(from, Number(row['size']));
          } catch (error) {
            throw new ArchiveReadError(path, error);
          }
        },
      })),
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

function countStates({ all }: Statements): { readonly [state in StoredState]: number } {
  const counts = Object.fromEntries(entryStates.map((state) => [state, 0]));
  for (const row of all('SELECT state, count(*) AS count FROM entry GROUP BY state'))
    counts[String(row['state'])] = Number(row['count']);
  return counts as { [state in StoredState]: number };
}

function beginBatch(
  database: DatabaseSync,
  statements: Statements,
  path: string,
  buffer: Uint8Array,
): ArchiveBatch {
  const { run } = statements;
  const attempt = <Result>(change: () => Result): Result => {
    try {
      return change();
    } catch (error) {
      throw new ArchiveWriteError(path, error);
    }
  };
  attempt(() => database.exec('BEGIN IMMEDIATE'));
  const writer = writePieces(statements, buffer);
  /** By path: what entries share is kept once. */
  const stored = new Map<string, Position & Pick<FileFacts, 'size' | 'modifiedAt'>>();
  return {
    add(number, wasHeld, files) {
      const begin = writer.position;
      const added: typeof stored = new Map();
      try {
        for (const [place, { chunks, ...file }] of files.entries()) {
          const { path, mode, uid, gid, modifiedAt, size } = file;
          const known = stored.get(path);
          const isSame = known?.size === size && known.modifiedAt === modifiedAt;
          const { piece, offset } = isSame ? known : writer.position;
          if (!isSame) for (const chunk of chunks()) attempt(() => writer.write(chunk));
          added.set(path, { piece, offset, size, modifiedAt });
          attempt(() =>
            run(
              'INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
              ...[number, place, encode(path), mode, uid, gid, modifiedAt, size, piece, offset],
            ),
          );
        }
        attempt(() =>
          run(
            "UPDATE entry SET state = 'archived', was_held = ? WHERE number = ?",
            wasHeld ? 1 : 0,
            number,
          ),
        );
        for (const [path, position] of added) stored.set(path, position);
      } catch (error) {
        if (!(error instanceof ArchiveWriteError))
          attempt(() => {
            run('DELETE FROM file WHERE entry = ?', number);
            writer.rewind(begin);
          });
        throw error;
      }
    },
    commit() {
      attempt(() => {
        writer.end();
        database.exec('COMMIT');
      });
    },
    [Symbol.dispose]() {
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
    },
  };
}

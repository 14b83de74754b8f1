/**
 * The tables of an archive; see sqlite-migrate.ts.
 *
 * The files of a batch are one stream of octets, cut into pieces that are compressed one by one: many
 * notices look alike. A file begins in its piece and goes on at the beginning of the next ones.
 */
export const archiveSteps: readonly string[] = [
  `CREATE TABLE run (
     row INTEGER PRIMARY KEY CHECK (row = 1),
     mta TEXT NOT NULL,
     title TEXT NOT NULL,
     queue TEXT NOT NULL,
     -- JSON.
     folders TEXT NOT NULL,
     root TEXT NOT NULL,
     started_at INTEGER NOT NULL,
     chosen TEXT NOT NULL
   ) STRICT;
   CREATE TABLE cause (
     number INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     kind TEXT NOT NULL,
     reason TEXT NOT NULL,
     proposal TEXT NOT NULL,
     domain TEXT,
     -- JSON.
     steps TEXT NOT NULL
   ) STRICT;
   CREATE TABLE entry (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     -- A server may use a name again.
     id TEXT NOT NULL,
     cause INTEGER NOT NULL,
     state TEXT NOT NULL,
     was_held INTEGER NOT NULL,
     reverse_path TEXT NOT NULL,
     -- JSON, at most 100.
     recipients TEXT NOT NULL,
     recipient_count INTEGER NOT NULL,
     arrived_at INTEGER NOT NULL,
     size INTEGER NOT NULL,
     fingerprint INTEGER NOT NULL,
     restored_as TEXT,
     problem TEXT
   ) STRICT;
   CREATE INDEX entry_id ON entry (id);
   CREATE INDEX entry_state ON entry (state, number);
   CREATE TABLE file (
     entry INTEGER NOT NULL,
     place INTEGER NOT NULL,
     path TEXT NOT NULL,
     mode INTEGER NOT NULL,
     uid INTEGER NOT NULL,
     gid INTEGER NOT NULL,
     modified_at REAL NOT NULL,
     size INTEGER NOT NULL,
     piece INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     PRIMARY KEY (entry, place)
   ) STRICT, WITHOUT ROWID;
   -- Each a whole zstd frame with a checksum.
   CREATE TABLE piece (
     number INTEGER PRIMARY KEY,
     bytes BLOB NOT NULL
   ) STRICT;`,
];

/** The tables of a SQLite journal; see sqlite-migrate.ts. */
export const journalSteps: readonly string[] = [
  `CREATE TABLE receipt (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     from_at INTEGER NOT NULL,
     until_at INTEGER NOT NULL,
     count INTEGER NOT NULL CHECK (count > 0),
     adapter TEXT NOT NULL,
     question TEXT NOT NULL,
     action TEXT NOT NULL,
     enforced INTEGER NOT NULL,
     reason TEXT NOT NULL,
     reply_code INTEGER,
     reply_status TEXT,
     reply_text TEXT,
     domain TEXT,
     client_address TEXT,
     client_name TEXT,
     client_helo TEXT,
     reverse_path TEXT,
     forward_path TEXT,
     queue_id TEXT,
     steps TEXT NOT NULL
   ) STRICT;
   CREATE INDEX receipt_from ON receipt (from_at);
   CREATE INDEX receipt_domain ON receipt (domain, from_at) WHERE domain IS NOT NULL;
   CREATE INDEX receipt_queue_id ON receipt (queue_id) WHERE queue_id IS NOT NULL;
   -- Almost empty: tells how far before a time a receipt that reaches into it can begin.
   CREATE INDEX receipt_long ON receipt (until_at - from_at) WHERE until_at - from_at > 60000;`,
  `CREATE TABLE incident (
     id TEXT PRIMARY KEY,
     start_at INTEGER NOT NULL,
     end_at INTEGER NOT NULL,
     is_open INTEGER NOT NULL,
     is_lifted INTEGER NOT NULL DEFAULT 0,
     -- Ids of those that are part of it, each between blanks.
     joined TEXT NOT NULL,
     told TEXT NOT NULL
   ) STRICT;
   CREATE INDEX incident_start ON incident (start_at);`,
  // What is lifted as a JSON array: of each its cause and its subject count. The indexes are almost empty.
  `ALTER TABLE incident ADD COLUMN lifted TEXT NOT NULL DEFAULT '[]';
   UPDATE incident SET lifted = '[' || told || ']' WHERE is_lifted;
   ALTER TABLE incident DROP COLUMN is_lifted;
   CREATE INDEX incident_open ON incident (start_at, id) WHERE is_open;
   CREATE INDEX incident_lifted ON incident (id) WHERE lifted <> '[]';`,
];

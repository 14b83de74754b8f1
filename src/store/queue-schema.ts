/**
 * The tables of a SQLite queue; see sqlite-migrate.ts.
 *
 * What never changes stands in `message`, so that an attempt rewrites no content. Where a message
 * stands follows from the small tables: `aside` holds what is not queued, `claim` what a process
 * delivers now, and everything else has a row in `due` for each domain that it waits for. `domain`
 * holds the earliest of each domain, so that a look for work skips a dead domain's backlog in one
 * step. `total` saves counting.
 */
export const queueSteps: readonly string[] = [
  `CREATE TABLE message (
     id INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     received_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     size INTEGER NOT NULL,
     reverse_path TEXT NOT NULL,
     -- JSON: the parameters of MAIL, the client, the proof.
     details TEXT NOT NULL,
     -- Where the body is too large to stand here; null where it stands in content, after the head.
     body INTEGER,
     content BLOB NOT NULL
   ) STRICT;
   -- Pieces of body b have ids from b * 1048576 on.
   CREATE TABLE body (
     id INTEGER PRIMARY KEY,
     pieces INTEGER NOT NULL,
     -- Of the process that still writes it; null once it belongs to a message.
     instance INTEGER,
     draft INTEGER
   ) STRICT;
   CREATE UNIQUE INDEX body_draft ON body (instance, draft) WHERE instance IS NOT NULL;
   CREATE TABLE piece (
     id INTEGER PRIMARY KEY,
     bytes BLOB NOT NULL
   ) STRICT;
   CREATE TABLE recipient (
     message INTEGER NOT NULL,
     place INTEGER NOT NULL,
     state TEXT NOT NULL,
     attempts INTEGER NOT NULL,
     due_at INTEGER NOT NULL,
     domain TEXT NOT NULL,
     forward_path TEXT NOT NULL,
     reason TEXT,
     delay_told INTEGER NOT NULL,
     failure_told INTEGER NOT NULL DEFAULT 0,
     -- JSON: the address before aliases, the parameters of RCPT.
     details TEXT NOT NULL,
     -- JSON.
     reply TEXT,
     PRIMARY KEY (message, place)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE claim (
     message INTEGER PRIMARY KEY,
     instance INTEGER NOT NULL,
     -- The operator asked meanwhile for another attempt at this time.
     retry_at INTEGER
   ) STRICT;
   CREATE TABLE aside (
     message INTEGER PRIMARY KEY,
     state TEXT NOT NULL,
     kept_until INTEGER,
     -- It was held before it was purged.
     was_held INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX aside_state ON aside (state, message);
   CREATE INDEX aside_kept ON aside (kept_until) WHERE kept_until IS NOT NULL;
   CREATE TABLE due (
     domain TEXT NOT NULL,
     at INTEGER NOT NULL,
     message INTEGER NOT NULL,
     PRIMARY KEY (domain, at, message)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE domain (
     name TEXT PRIMARY KEY,
     due_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX domain_due ON domain (due_at);
   CREATE TABLE total (
     row INTEGER PRIMARY KEY CHECK (row = 1),
     last_id INTEGER NOT NULL,
     queued INTEGER NOT NULL,
     held INTEGER NOT NULL,
     purged INTEGER NOT NULL,
     kept INTEGER NOT NULL
   ) STRICT;
   INSERT INTO total VALUES (1, 0, 0, 0, 0, 0);`,
  // So that the notices among a large queue can be counted without a look at the rest.
  `CREATE INDEX message_notice ON message (id) WHERE kind = 'notice';`,
];

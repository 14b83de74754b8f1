/**
 * Changes of a control file of sendmail, as sendmail itself makes them. Everything else stays to the octet.
 */
const newline = 0x0a;

/** With `reason` for quarantine before the sender; null: without any. Null if the file has no sender. */
export function withQuarantine(file: Buffer, reason: string | null): Buffer | null {
  const pieces: Buffer[] = [];
  let isDone = false;
  for (const record of recordsOf(file)) {
    const kind = record[0];
    if (kind === 0x71) continue;
    if (kind === 0x53 && !isDone) {
      if (reason !== null) pieces.push(Buffer.from(`q${reason}\n`, 'latin1'));
      isDone = true;
    }
    pieces.push(record);
  }
  return isDone ? Buffer.concat(pieces) : null;
}

/** With the place of its body on disk, `major/minor/inode`; null: without, as where it is not known. */
export function withInode(file: Buffer, inode: string | null): Buffer {
  const pieces: Buffer[] = [];
  for (const record of recordsOf(file)) {
    if (record[0] !== 0x49) pieces.push(record);
    else if (inode !== null) pieces.push(Buffer.from(`I${inode}\n`));
  }
  return Buffer.concat(pieces);
}

/** Records with their continuation lines and line ends. */
function* recordsOf(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; ) {
    const start = at;
    do {
      const end = file.indexOf(newline, at);
      at = end < 0 ? file.length : end + 1;
    } while (file[at] === 0x20 || file[at] === 0x09);
    yield file.subarray(start, at);
  }
}

/**
 * A store's file as its thread holds it: opened when it is first used, and anew after trouble, or where
 * it was moved or removed behind our back.
 */
export interface HeldFile<File> {
  /** Throws what opening throws. */
  use(): File;
  /** Null while none is open. */
  readonly open: File | null;
  close(): void;
}

export function holdFile<File extends Disposable & { isInPlace(): boolean }>(
  openFile: () => File,
): HeldFile<File> {
  let open: File | null = null;

  function close(): void {
    const closing = open;
    open = null;
    closing?.[Symbol.dispose]();
  }

  return {
    use() {
      if (open && !open.isInPlace()) close();
      open ??= openFile();
      return open;
    },
    get open() {
      return open;
    },
    close,
  };
}

/**
 * Root only for as long as it takes to bind: who the program becomes, and that there is no way back.
 *
 * What the server opens, it opens as that user, so that the next start and every reload can do the
 * same. Only the binding itself is done as root.
 */
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { CommandError } from './exit.ts';

export interface Privileges {
  /** Does that as root, where we began as root. */
  asRoot<T>(action: () => Promise<T>): Promise<T>;
  /** For good. Afterwards `asRoot` changes nothing. */
  drop(): void;
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const none: Privileges = { asRoot: (action) => action(), drop() {} };

/**
 * Becomes the user, with a way back until `drop`. Throws CommandError where that cannot be.
 *
 * `folder`: made for the user where it is missing; null: none is needed.
 */
export function becomeUser(
  user: string | undefined,
  group: string | undefined,
  folder: string | null,
): Privileges {
  if (user === undefined) return none;
  if (process.getuid?.() !== 0) {
    if (userInfo().username === user) return none;
    throw new CommandError(
      `[process] user: only root can become ${user}; start it as root, or as ${user}`,
    );
  }
  const account = findAccount(user, group);
  if (folder !== null && !existsSync(folder)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chownSync(folder, account.uid, account.gid);
  }
  let isDropped = false;
  joinGroups(account);
  enter(account);
  return {
    async asRoot(action) {
      if (isDropped) return action();
      leave();
      try {
        return await action();
      } finally {
        enter(account);
      }
    },
    drop() {
      leave();
      isDropped = true;
      process.setgid?.(account.gid);
      process.setuid?.(account.uid);
      assertDropped(account);
    },
  };
}

function findAccount(user: string, group: string | undefined): Account {
  try {
    // The system knows its users in many ways; it tells them of the one that we are.
    process.seteuid?.(user);
    const { uid, gid: own } = userInfo();
    process.seteuid?.(0);
    if (uid === 0) throw new Error('that is root itself');
    if (group === undefined) return { name: user, uid, gid: own };
    process.setegid?.(group);
    const gid = process.getegid?.() ?? own;
    process.setegid?.(0);
    return { name: user, uid, gid };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`[process] cannot become ${user}: ${why}`, undefined, error);
  }
}

/** Certificates are often readable for one of his other groups. */
function joinGroups({ name, gid }: Account): void {
  // Node has it, its types do not.
  if ('initgroups' in process && typeof process.initgroups === 'function')
    process.initgroups(name, gid);
  else process.setgroups?.([gid]);
}

function enter({ uid, gid }: Account): void {
  process.setegid?.(gid);
  process.seteuid?.(uid);
}

function leave(): void {
  process.seteuid?.(0);
  process.setegid?.(0);
}

/** A server that believes to be harmless and is not would be worse than one that does not start. */
function assertDropped({ name, uid, gid }: Account): void {
  const ids = [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()];
  const isOurs = ids.join() === [uid, uid, gid, gid].join();
  if (!isOurs || process.getgroups?.().includes(0) || canReturn())
    throw new CommandError(`[process] could not become ${name} for good`);
}

function canReturn(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}

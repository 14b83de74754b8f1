/**
 * sendmail's own locks on control files, taken and kept so that the running server leaves them alone.
 *
 * Node has neither flock(2) nor fcntl(2), and which of them a sendmail uses was chosen when it was
 * compiled; so a small Perl program takes both, as sendmail's own qtool.pl does. It lives as long as its
 * standard input, which ends with us however we die: no lock outlives its reason.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Missed } from '../mail-server.ts';

/**
 * Commands and answers are lines of fields, divided by tabs. After the lock is taken the name must still
 * lead to the same file, because sendmail replaces control files by rename; with one name only, because
 * it creates them so. A queue run looks at each file with a shared lock for a moment: hence the tries.
 *
 * What is removed goes here in one breath, so that killing us leaves nothing half removed: first what
 * makes it an entry, under its lock, for a body without it harms nobody, and it without a body would be
 * delivered empty.
 */
const program = String.raw`
use strict;
use Errno;
use Fcntl qw(:DEFAULT :flock);
$| = 1;
$SIG{$_} = 'IGNORE' for qw(INT HUP QUIT PIPE);
my %held;
my %unfinished;
my $one_lock = $^O =~ /bsd|darwin|dragonfly/;

sub lock_both {
  my ($file) = @_;
  return 0 unless flock($file, LOCK_EX | LOCK_NB);
  return 1 if $one_lock;
  my $region = pack('s H60', F_WRLCK, '0' x 60);
  return fcntl($file, F_SETLK, $region);
}

sub seize {
  my ($number, $path) = @_;
  for (1 .. 8) {
    my $file;
    sysopen($file, $path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
      or return $!{ENOENT} ? 'gone' : "problem\tcannot open $path: $!";
    unless (lock_both($file)) {
      return "problem\tcannot lock $path: $!" unless $!{EAGAIN} || $!{EACCES};
      select(undef, undef, undef, 0.005);
      next;
    }
    my @named = lstat($path) or return 'gone';
    my @opened = stat($file);
    next if grep { $named[$_] != $opened[$_] } 0, 1, 3, 4, 5, 7;
    return "problem\t$path is no regular file" unless -f _;
    return "problem\t$path has $opened[3] names" unless $opened[3] == 1;
    return "problem\teverybody can write $path" if $opened[2] & 02;
    $held{$number} = $file;
    return 'ok';
  }
  return 'busy';
}

sub create {
  my ($number, $path) = @_;
  for (1 .. 3) {
    my $file;
    unless (sysopen($file, $path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600)) {
      return "problem\tcannot create $path: $!" unless $!{EEXIST};
      my $answer = seize($number, $path);
      return $answer unless $answer eq 'ok' || $answer eq 'gone';
      remove($number, $path) if $answer eq 'ok';
      next;
    }
    lock_both($file) or return "problem\tcannot lock $path: $!";
    $held{$number} = $file;
    $unfinished{$number} = $path;
    return 'ok';
  }
  return 'busy';
}

sub remove {
  my ($number, $path, @others) = @_;
  my $file = $held{$number} or return "problem\t$path is not locked";
  my @named = lstat($path) or return 'gone';
  my @opened = stat($file);
  return "problem\t$path is another file now" if grep { $named[$_] != $opened[$_] } 0, 1;
  unlink($path) or return "problem\tcannot remove $path: $!";
  my @left = grep { !unlink($_) && !$!{ENOENT} } @others;
  close(delete $held{$number});
  delete $unfinished{$number};
  return @left ? "problem\tremoved, but for @left: $!" : 'ok';
}

sub place {
  my ($number, $path, $target, @old) = @_;
  $held{$number} or return "problem\t$path is not locked";
  rename($path, $target) or return "problem\tcannot rename $path: $!";
  delete $unfinished{$number};
  my @left = grep { $_ ne $target && !unlink($_) } @old;
  return @left ? "problem\tcannot remove @left: $!" : 'ok';
}

while (my $line = <STDIN>) {
  chomp $line;
  my ($command, $number, @paths) = split /\t/, $line, -1;
  my $answer = $command eq 'seize' ? seize($number, @paths)
    : $command eq 'remove' ? remove($number, @paths)
    : $command eq 'create' ? create($number, @paths)
    : $command eq 'place' ? place($number, @paths)
    : do { close($held{$number}) if $held{$number}; delete $held{$number}; 'ok' };
  print "$number\t$answer\n";
}
unlink values %unfinished;
`;

export interface Locks extends AsyncDisposable {
  /** Keeps it until it is let go, removed, or the locks are disposed of. */
  seize(path: string): Promise<Lock | Missed>;
  /**
   * A new file, empty and locked. It is removed with us unless it was placed; what stands there already
   * and nobody has locked, somebody left who died.
   */
  create(path: string): Promise<NewLock | Missed>;
}

export interface Lock {
  /** Removes the locked file, then the others, and lets go. */
  remove(others: readonly string[]): Promise<Missed | null>;
  release(): Promise<void>;
}

export interface NewLock extends Lock {
  /** Renames it to `target`, still locked, and removes `old`, whose lock has to be held. */
  place(target: string, old: string | null): Promise<Missed | null>;
}

/** Nothing of the admin's own changes what perl does, or the language it says it in. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** Why no locks can be taken here; null if they can. */
export function whyNoLocks(): string | null {
  const { status, error } = spawnSync('perl', ['-e', 'use Fcntl; use Errno;'], {
    stdio: 'ignore',
    env: environment,
  });
  if (status === 0) return null;
  return `taking sendmail's locks needs perl with its module Fcntl${error ? `, and there is no perl` : ''}`;
}

export function openLocks(): Locks {
  const child = spawn('perl', ['-e', program], { stdio: 'pipe', env: environment });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('latin1')}`.slice(0, 500);
  });
  const over = () =>
    `problem\tthe perl that holds the locks has ended ${complaint.replaceAll(/\s+/g, ' ')}`.trimEnd();
  const open = new Map<number, (answer: string) => void>();
  let next = 0;
  let isOver = false;
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      isOver = true;
      for (const answer of open.values()) answer(over());
      open.clear();
      resolve();
    };
    child.on('error', end);
    child.on('close', end);
  });
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const tab = line.indexOf('\t');
    const number = Number(line.slice(0, tab));
    open.get(number)?.(line.slice(tab + 1));
    open.delete(number);
  });

  async function ask(command: string, number: number, paths: readonly string[]): Promise<string> {
    if (isOver) return over();
    if (paths.some((path) => /[\t\n]/.test(path)))
      return `problem\ta path with a tab or a line end`;
    return await new Promise((resolve) => {
      open.set(number, resolve);
      child.stdin.write(`${[command, number, ...paths].join('\t')}\n`);
    });
  }

  const lockOn = (number: number, path: string): NewLock => ({
    place: async (target, old) =>
      readAnswer(await ask('place', number, [path, target, ...(old === null ? [] : [old])])),
    remove: async (others) => readAnswer(await ask('remove', number, [path, ...others])),
    async release() {
      await ask('release', number, []);
    },
  });

  return {
    async seize(path) {
      const number = next++;
      return readAnswer(await ask('seize', number, [path])) ?? lockOn(number, path);
    },
    async create(path) {
      const number = next++;
      return readAnswer(await ask('create', number, [path])) ?? lockOn(number, path);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await closed;
    },
  };
}

function readAnswer(answer: string): Missed | null {
  const [kind, problem = ''] = answer.split('\t');
  if (kind === 'ok') return null;
  return kind === 'gone' || kind === 'busy' ? kind : { problem };
}

/**
 * The Perl that takes and keeps locks; locks.ts runs it.
 *
 * Commands and answers are lines of fields, divided by tabs. After the lock is taken the name must still
 * lead to the same file, because sendmail replaces control files by rename; with one name only, because
 * it creates them so. A queue run looks at each file with a shared lock for a moment: hence the tries.
 *
 * What is removed goes here in one breath, so that killing us leaves nothing half removed: first what
 * makes it an entry, under its lock, for a body without it harms nobody, and it without a body would be
 * delivered empty.
 */
export const lockProgram = String.raw`
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

# Waits until processes have read all that their standard inputs, pipes, hold, and wait for more.
#     until-read.pl PID...
# A server that ends kills the programs of its piped logs: what they have not read yet would be lost, tapped or not.
# A process that has ended reads no more: Apache starts each program twice, and ends the first of them.
use strict;
use warnings;

use constant FIONREAD => 0x541B;

sub waits {
    my ($pid, $input) = @_;
    my $unread = pack 'i', 0;
    ioctl $input, FIONREAD, $unread or die "FIONREAD: $!\n";
    open my $stat, '<', "/proc/$pid/stat" or return 1;
    return unpack('i', $unread) == 0 && (<$stat> // ' S ') =~ / [SZ] /;
}

for my $pid (@ARGV) {
    open my $input, '<', "/proc/$pid/fd/0" or next;
    select undef, undef, undef, 0.02 until waits($pid, $input);
}

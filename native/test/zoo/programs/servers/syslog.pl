# Sends `line FROM` to `line TO` to a syslog socket, as syslog() does: one datagram each.
#     syslog.pl SOCKET FROM TO
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket;

my ($path, $from, $to) = @ARGV;
$SIG{ALRM} = sub { die "no process reads $path within 10 s\n" };
alarm 10;

my $socket;
until (defined($socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $path))) {
    select undef, undef, undef, 0.005;
}
for my $i ($from .. $to) {
    defined $socket->send("<13>Jan  1 00:00:00 zoo: line $i") or die "$path: $!\n";
}

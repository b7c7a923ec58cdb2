# Sends GET requests one after the other, each on a connection of its own, and prints the status of each answer.
#     get.pl SOCKET|PORT PATH...
# Waits for a server that does not listen yet. An answer is over when the server has closed the connection.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

my ($address, @paths) = @ARGV;
$SIG{ALRM} = sub { die "no answer from $address within 10 s\n" };
alarm 10;

sub connected {
    for (;;) {
        my $socket =
            $address =~ /^\d+$/
            ? IO::Socket::INET->new(PeerAddr => "127.0.0.1:$address")
            : IO::Socket::UNIX->new(Peer => $address);
        return $socket if defined $socket;
        select undef, undef, undef, 0.005;
    }
}

for my $path (@paths) {
    my $socket = connected();
    print $socket "GET $path HTTP/1.0\r\n\r\n";
    my $answer = join '', <$socket>;
    $answer =~ m{^HTTP/1\.[01] (\d+) } or die "$path: an answer without a status: $answer\n";
    print "$1\n";
}

# Warns, carps with a stack, or prints to stdout.
use strict;
use warnings;
use Carp qw(cluck longmess);
use Time::HiRes qw(sleep);
my ($style, $count, $load) = @ARGV;
open(my $truth, '>>', $ENV{TRUTH}) or die;
sub fetch { my ($i) = @_; $style eq 'carp' ? cluck("order $i is not there") : $style eq 'stdout' ? print(longmess("order $i is not there")) : warn("order $i is not there") }
sub handle { my ($i, $text) = @_; fetch($i) }
$| = 1 if $load ne 'block';
for my $i (0 .. $count - 1) {
    if ($i % 5 == 4) { handle($i, "two words") }
    elsif ($style eq 'stdout') { print "order $i accepted\n" }
    else { print STDERR "order $i accepted\n" }
    syswrite($truth, "e\n");
    sleep(0.004) if $load eq 'low' || $load eq 'pipe';
}

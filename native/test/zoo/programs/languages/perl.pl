# Perl in its ways to write; the first argument names one.
use strict;
use warnings;
use IO::Handle;
use POSIX ();

my %ways = (
    print => sub {
        for my $i (0 .. 299) {
            print "out $i\n";
            printf STDERR "err %d\n", $i;
        }
        warn "warned\n";
    },
    syswrite => sub {
        for my $i (0 .. 299) {
            syswrite STDOUT, "out $i\n";
            POSIX::write(2, "err $i\n", length "err $i\n");
        }
    },
    log => sub {
        open my $log, '>>', 'app.log' or die $!;
        $log->autoflush(1);
        print {$log} "log $_\n" for 0 .. 199;
        rename 'app.log', 'app.log.1' or die $!;
        print {$log} "still the old\n";
        open $log, '>>', 'app.log' or die $!;
        print {$log} "the new\n";
        close $log;
    },
    fork => sub {
        for my $name (qw(a b c d)) {
            next if fork;
            syswrite STDOUT, "$name $_\n" for 0 .. 99;
            exit 0;
        }
        1 while wait != -1;
    },
    children => sub {
        $| = 1;
        print "before\n";
        my $secret = `echo secret`;
        print length $secret, "\n";
        system 'echo', 'system';
        open my $to, '|-', 'cat' or die $!;
        print {$to} "through cat\n";
        close $to;
        open my $from, '-|', 'echo', 'inner' or die $!;
        print 'read ', <$from>;
        open my $saved, '>&', \*STDOUT or die $!;
        open STDOUT, '>>', 'app.log' or die $!;
        print "logged\n";
        system 'echo logged by echo';
        open STDOUT, '>&', $saved or die $!;
        %ENV = (PATH => $ENV{PATH});
        exec 'sh', '-c', 'echo the last; exit 4';
    },
    die => sub {
        print "out\n";
        die "died\n";
    },
);

$ways{ $ARGV[0] }->();

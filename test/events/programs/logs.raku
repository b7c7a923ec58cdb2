# Prints lines and the gists of exceptions on stderr.
my $truth = open %*ENV<TRUTH>, :a, :!out-buffer;
$*ERR.out-buffer = 0;
sub fetch($i) { die "order $i is not there" }
sub handle($i) { fetch($i) + 1 }
sub MAIN($count, $load) {
    for ^$count -> $i {
        if $i % 5 == 4 {
            try handle($i);
            $*ERR.print($!.gist);
        } else {
            $*ERR.say("order $i accepted");
        }
        $truth.print("e\n");
        sleep 0.004 if $load eq any <low pipe>;
    }
}

# Prints lines and the stacks of errors on stderr.
lassign $argv count load
set truth [open $env(TRUTH) a]
fconfigure $truth -buffering none
proc fetch {i} { error "order $i is not there" }
proc handle {i} { fetch $i }
for {set i 0} {$i < $count} {incr i} {
  if {$i % 5 == 4} { catch { handle $i }; puts stderr $errorInfo } else { puts stderr "order $i accepted" }
  puts -nonewline $truth "e\n"
  if {$load ne "burst"} { after 4 }
}

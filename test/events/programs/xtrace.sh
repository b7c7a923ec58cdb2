# Traces its commands; some take several lines.
count=$1
exec 3>>"$TRUTH"
mark() { { set +x; } 2>/dev/null; echo e >&3; }
for ((i = 0; i < count; i++)); do
  if ((i % 5 == 4)); then
    set -x
    : "order $i
is not there"
    mark
  else
    echo "order $i accepted" >&2
    mark
  fi
  [ "$2" = low ] && sleep 0.004
done
true

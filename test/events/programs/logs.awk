# Prints reports of several lines, indented.
BEGIN {
  count = ARGV[1]; load = ARGV[2]
  for (i = 0; i < count; i++) {
    if (i % 5 == 4) printf "report %d:\n  rows: 3\n  total: %d\n", i, i * 7 > "/dev/stderr"
    else printf "order %d accepted\n", i > "/dev/stderr"
    fflush("/dev/stderr")
    printf "e\n" >> ENVIRON["TRUTH"]; fflush(ENVIRON["TRUTH"])
    if (load == "low") system("sleep 0.004")
  }
}

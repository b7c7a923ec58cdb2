# Prints to stdout; a traceback now and then.
import sys, traceback
from loads import run


def emit(name, i):
    if i % 5 == 4:
        try:
            int("x%d" % i)
        except ValueError:
            traceback.print_exc(file=sys.stdout)
    else:
        sys.stdout.write("2026-11-28 10:%02d:%02d order %d accepted\n" % (i // 60, i % 60, i))
    if sys.argv[2] != "block":
        sys.stdout.flush()


run(emit)

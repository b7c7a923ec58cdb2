# Exception groups, notes, and causes.
import sys, traceback
from loads import run


def emit(name, i):
    if i % 5 != 4:
        sys.stderr.write("INFO %s: batch %d done\n" % (name, i))
        return
    try:
        errors = []
        for n in range(2):
            try:
                if n == 1:
                    raise ExceptionGroup("inner", [KeyError("k%d" % i), OSError(2, "no such file")])
                int("y")
            except Exception as error:
                error.add_note("while item %d" % n)
                errors.append(error)
        try:
            raise ExceptionGroup("batch %d" % i, errors)
        except ExceptionGroup as group:
            raise RuntimeError("batch failed") from group
    except RuntimeError:
        traceback.print_exc()


run(emit)

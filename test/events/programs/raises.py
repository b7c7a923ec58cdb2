# Prints tracebacks on stderr, plain, chained and of syntax errors, between ordinary lines.
import sys, traceback
from loads import run


def fetch(order):
    return {"a": 1}[order]


def handle(i):
    try:
        fetch("order-%d" % i)
    except KeyError as error:
        if i % 2:
            raise ValueError("order %d is not known\nasked by the shop" % i)
        raise RuntimeError("cannot handle order %d" % i)


def emit(name, i):
    if i % 5 != 4:
        sys.stderr.write("%s handled order %d\n" % (name, i))
    elif i % 15 == 14:
        try:
            compile("x = = %d" % i, "settings.py", "exec")
        except SyntaxError:
            traceback.print_exc()
    else:
        try:
            handle(i)
        except Exception:
            traceback.print_exc()


run(emit)

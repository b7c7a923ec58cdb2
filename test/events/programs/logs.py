# Logs with the standard formatter, exceptions included.
import logging, sys
from loads import run

logging.basicConfig(stream=sys.stderr, level=logging.DEBUG, format="%(asctime)s %(levelname)s [%(threadName)s] %(name)s: %(message)s")
log = logging.getLogger("shop.orders")


def handle(i):
    try:
        return 1 / (i - i)
    except ZeroDivisionError:
        raise LookupError("order %d has no lines" % i)


def emit(name, i):
    if i % 5 == 4:
        try:
            handle(i)
        except LookupError:
            log.exception("order %d failed", i)
    elif i % 7 == 3:
        log.warning("order %d:\nitem 1 of 2\n\titem 2 of 2", i)
    else:
        log.info("order %d in %d ms", i, i * 3)


run(emit)

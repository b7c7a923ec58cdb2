# The loads of the Python programs: events are emitted one after the other, or by two threads, each marked at its end.
import os, sys, threading, time

truth = os.open(os.environ["TRUTH"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def run(emit):
    count, load = int(sys.argv[1]), sys.argv[2]

    def loop(name):
        for i in range(count):
            emit(name, i)
            os.write(truth, b"e\n")
            if load == "low" or load == "pipe":
                time.sleep(0.004)

    if load != "threads":
        return loop("main")
    threads = [threading.Thread(target=loop, args=("worker-%d" % n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

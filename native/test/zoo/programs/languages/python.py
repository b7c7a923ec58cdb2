"""Python in its ways to write; the first argument names one."""

import asyncio
import logging
import logging.handlers
import multiprocessing
import os
import signal
import subprocess
import sys
import threading


def print_lines():
    for i in range(500):
        print("out", i)
        if i % 10 == 0:
            print("err", i, file=sys.stderr)


def lines_and_a_kill():
    for i in range(100):
        print("out", i)
    os.kill(os.getpid(), signal.SIGKILL)


def write_bytes():
    sys.stdout.buffer.write(bytes(range(256)) * 256)
    sys.stdout.write("text é\n")
    sys.stdout.flush()
    sys.__stderr__.write("err\n")


def descriptors():
    log = os.open("app.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for i in range(100):
        os.write(1, b"write %d\n" % i)
        os.writev(log, [b"writev ", b"%d" % i, b"\n"])
    os.close(log)
    saved = os.dup(1)
    os.dup2(2, 1)
    os.write(1, b"to stderr\n")
    os.dup2(saved, 1)
    os.write(1, b"back\n")


def handler(kind, layout="%(levelname)s %(message)s", **options):
    made = kind("app.log", **options)
    made.setFormatter(logging.Formatter(layout))
    return made


def logger(*handlers):
    logging.basicConfig(level=logging.INFO, handlers=handlers)
    return logging.getLogger("app")


def log_to_file_and_stderr():
    console = logging.StreamHandler()
    console.setFormatter(logging.Formatter("%(name)s %(message)s"))
    log = logger(handler(logging.FileHandler), console)
    for i in range(200):
        log.info("log %d", i)


def log_rotating():
    log = logger(handler(logging.handlers.RotatingFileHandler, maxBytes=1000, backupCount=2))
    for i in range(200):
        log.info("log %03d", i)


def log_watched():
    log = logger(handler(logging.handlers.WatchedFileHandler))
    for i in range(100):
        log.info("log %d", i)
        if i == 49:
            os.rename("app.log", "app.log.1")


def subprocesses():
    echo = "import sys; print(sys.argv[1])"
    child = [sys.executable, "-S", "-c", echo]
    print("before", flush=True)
    subprocess.run(["echo", "inherited"], check=True)
    secret = subprocess.run(["echo", "secret"], check=True, capture_output=True).stdout
    print("captured", len(secret), flush=True)
    subprocess.run(["echo", "empty environment"], check=True, env={})
    subprocess.run("echo by a shell | cat >&2", check=True, shell=True)
    with open("app.log", "ab") as log:
        subprocess.run(["echo", "into the log"], check=True, stdout=log)
    subprocess.run([*child, "python"], check=True, env={"PATH": os.environ["PATH"]})
    subprocess.run(["echo", "nowhere"], check=True, stdout=subprocess.DEVNULL)
    os.system("echo system")
    os.waitpid(os.posix_spawnp("echo", ["echo", "spawned"], {}), 0)
    with os.popen("echo popen") as reader:
        print("popen", len(reader.read()), flush=True)


def work(name):
    for i in range(100):
        os.write(1, b"%s %d\n" % (name.encode(), i))
    with open("app.log", "a", buffering=1) as log:
        for i in range(100):
            log.write(f"{name} {i}\n")


def processes():
    forking = multiprocessing.get_context("fork")
    workers = [forking.Process(target=work, args=(f"p{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(max(worker.exitcode for worker in workers))


def fork_and_exec():
    print("parent")
    sys.stdout.flush()
    if os.fork() == 0:
        print("child", flush=True)
        os.execve("/bin/echo", ["echo", "another program"], {})
    os.wait()
    print("parent again")


def threads():
    log = logger(handler(logging.FileHandler, "%(message)s"))

    def run(name):
        for i in range(100):
            os.write(1, b"%s %d\n" % (name.encode(), i))
            log.info("%s %d", name, i)

    started = [threading.Thread(target=run, args=(f"t{n}",)) for n in range(8)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def copies():
    with open("seed", "wb") as seed:
        seed.write(b"".join(b"seed %d\n" % i for i in range(2000)))
    size = os.path.getsize("seed")
    with open("seed", "rb") as seed, open("app.log", "wb") as log:
        sent = os.sendfile(log.fileno(), seed.fileno(), 0, size)
        copied = os.copy_file_range(seed.fileno(), log.fileno(), size, 0)
    print(sent == size, copied == size)


def coroutines():
    async def start(name):
        child = await asyncio.create_subprocess_exec("echo", name)
        return await child.wait()

    async def main():
        loop = asyncio.get_running_loop()
        for i in range(3):
            await start(f"child {i}")
            await loop.run_in_executor(None, os.write, 1, b"executor %d\n" % i)
        transport, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(os.dup(1), "wb"))
        for i in range(100):
            transport.write(b"pipe %d\n" % i)
        transport.close()
        await asyncio.sleep(0)

    asyncio.run(main())


def hard_exit():
    print("flushed", flush=True)
    sys.stderr.write("err\n")
    os._exit(3)


WAYS = {
    function.__name__: function
    for function in (
        print_lines,
        lines_and_a_kill,
        write_bytes,
        descriptors,
        log_to_file_and_stderr,
        log_rotating,
        log_watched,
        subprocesses,
        processes,
        fork_and_exec,
        threads,
        copies,
        coroutines,
        hard_exit,
    )
}

if __name__ == "__main__":
    WAYS[sys.argv[1]]()

// Prints lines and nested exceptions, piece by piece on cerr, or by cout's buffer.
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

static void print(std::ostream &out, const std::exception &error, int depth = 0) {
    out << std::string(depth * 2, ' ') << "exception: " << error.what() << '\n';
    try {
        std::rethrow_if_nested(error);
    } catch (const std::exception &inner) {
        print(out, inner, depth + 1);
    }
}

static void handle(int i) {
    try {
        throw std::out_of_range("index " + std::to_string(i));
    } catch (...) {
        std::throw_with_nested(std::runtime_error("order " + std::to_string(i)));
    }
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    int truth = open(getenv("TRUTH"), O_WRONLY | O_CREAT | O_APPEND, 0644);
    std::ostream &out = std::strcmp(argv[1], "cout") == 0 ? std::cout : std::cerr;
    const std::string load = argv[3];
    const int count = std::atoi(argv[2]);
    auto loop = [&](const char *name) {
        for (int i = 0; i < count; i++) {
            if (i % 5 == 4) {
                try {
                    handle(i);
                } catch (const std::exception &error) {
                    print(out, error);
                }
            } else {
                out << "[2026-11-28 10:00:00] " << name << " order " << i << " accepted\n";
            }
            if (load != "block") out.flush();
            if (write(truth, "e\n", 2) != 2) return;
            if (load == "low" || load == "pipe") usleep(4000);
        }
    };
    if (load != "threads") {
        loop("main");
        return 0;
    }
    std::thread one(loop, "worker-0"), other(loop, "worker-1");
    one.join();
    other.join();
}

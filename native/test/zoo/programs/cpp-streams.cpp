// Ways to write with C++ streams.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

namespace {

int streams() {
    for (int i = 0; i < 300; i++) {
        std::cout << "out " << i << (i % 2 == 0 ? "\n" : "") << std::flush;
        if (i % 2 != 0) std::cout << std::endl;
        std::cerr << "cerr " << i << "\n";
        std::clog << "clog " << i << "\n";
    }
    return 0;
}

int mixed() {
    for (int i = 0; i < 300; i++) {
        std::cout << "cout " << i << "\n";
        std::printf("printf %d\n", i);
    }
    return 0;
}

int unsynced() {
    std::ios::sync_with_stdio(false);
    for (int i = 0; i < 2000; i++)
        std::cout << "out " << i << "\n";
    return 0;
}

int files() {
    {
        std::ofstream log("app.log");
        for (int i = 0; i < 1000; i++)
            log << "log " << i << "\n";
    }
    std::ofstream log("app.log", std::ios::app);
    for (int i = 1000; i < 1100; i++)
        log << "log " << i << std::endl;
    std::fstream both("app.log", std::ios::out | std::ios::app);
    both << "log 1100\n" << std::flush;
    // Larger than the buffer: goes around it, by writev.
    const std::string large(20000, 'x');
    log << "large " << large << "\n";
    return 0;
}

int thrown() {
    std::cout << "before\n" << std::flush;
    std::cerr << "thrown\n";
    std::_Exit(6);
}

} // namespace

int main(int argc, char **argv) {
    const std::string way = argc > 1 ? argv[1] : "";
    if (way == "streams") return streams();
    if (way == "mixed") return mixed();
    if (way == "unsynced") return unsynced();
    if (way == "files") return files();
    if (way == "_Exit") return thrown();
    return 98;
}

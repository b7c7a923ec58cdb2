/* Accepts connections on a unix socket and throws away what comes, so that only the writer is measured: drain PATH */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char buffer[1 << 18];

int main(int argc, char **argv) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) return 64;
    strcpy(address.sun_path, argv[1]);
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 16) != 0) return 1;
    for (;;) {
        const int peer = accept(server, 0, 0);
        while (read(peer, buffer, sizeof buffer) > 0) {
        }
        close(peer);
    }
}

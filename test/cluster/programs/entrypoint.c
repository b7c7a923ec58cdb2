/* The entry point of a container that runs its arguments, waits for them and ends as they did. Linked statically: no
 * library can be preloaded into it. */
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
    (void)count;
    const pid_t child = fork();
    if (child == 0) {
        execvp(arguments[1], arguments + 1);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 126;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

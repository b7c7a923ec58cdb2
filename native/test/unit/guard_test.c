/* guard.c: one at a time, nested entries of a handler recognised, a holder that does not come back replaced. */
#include "expect.h"
#include "guard.h"
#include <pthread.h>
#include <signal.h>

enum { THREADS = 8, ENTRIES = 50000, WAIT_MS = 20000 };

static struct lt_guard guard;
static uint64_t counted; /* plain: only the guard keeps it right, which the thread sanitizer looks at */

static void *count_up(void *argument) {
    (void)argument;
    for (int i = 0; i < ENTRIES; i++) {
        EXPECT(lt_guard_enter(&guard, WAIT_MS) == LT_ENTERED);
        counted++;
        lt_guard_leave(&guard);
    }
    return NULL;
}

static void one_at_a_time(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, count_up, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(counted == (uint64_t)THREADS * ENTRIES);
    EXPECT(guard.owner == 0);
}

static volatile sig_atomic_t nested;

static void enter_again(int number) {
    (void)number;
    nested = lt_guard_enter(&guard, WAIT_MS) == LT_NESTED;
}

static void a_handler_does_not_wait_for_itself(void) {
    signal(SIGUSR1, enter_again);
    EXPECT(lt_guard_enter(&guard, WAIT_MS) == LT_ENTERED);
    EXPECT(raise(SIGUSR1) == 0);
    EXPECT(nested == 1);
    lt_guard_leave(&guard);
    EXPECT(guard.owner == 0);
}

static void *hold_for_ever(void *argument) {
    (void)argument;
    EXPECT(lt_guard_enter(&guard, 0) == LT_ENTERED);
    return NULL;
}

static void a_dead_holder_is_replaced(void) {
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, hold_for_ever, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    const uint32_t entries = guard.entries;
    EXPECT(lt_guard_enter(&guard, 20) == LT_ENTERED);
    EXPECT(guard.entries == entries + 1);
    lt_guard_leave(&guard);
    EXPECT(guard.owner == 0);
}

int main(void) {
    one_at_a_time();
    a_handler_does_not_wait_for_itself();
    a_dead_holder_is_replaced();
    return lt_failures();
}

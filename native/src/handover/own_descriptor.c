/* The descriptor that the library keeps open in the application's table. */
#include "own_descriptor.h"
#include "handover.h"
#include "process.h"

enum {
    KEPT_FROM = 1000, /* below the usual limit of 1024 */
    KEPT_FROM_UNDER_LIMIT = 100,
    KEPT_FROM_AT_LEAST = 3,
    GUARD_WAIT_MS = 1000,
};

/* Begins at zero, in a fork child too (process.h). */
static struct {
    int fd_plus_one; /* 0: none */
    bool is_lent;    /* opened by a vfork child, for one write */
} *own;

/* A fork child keeps this, so that it can close its copy of its parent's descriptor. */
static struct {
    int fd;
    uint64_t device;
    uint64_t inode;
} noted = {.fd = -1};

static int copy_to(int fd, int first) {
    int copy = lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, first);
    if (copy < 0) copy = lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FROM_UNDER_LIMIT);
    return copy >= 0 ? copy : lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FROM_AT_LEAST);
}

static void enlarge_table(void) {
    for (int fd = 0; fd <= 2; fd++) {
        const int copy = lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FROM);
        if (copy < 0) continue;
        (void)lt_sys_close(copy);
        return;
    }
}

bool lt_own_descriptor_set_up(void) {
    enlarge_table();
    own = lt_process_memory(sizeof *own);
    return own != NULL;
}

int lt_own_descriptor(void) {
    return own == NULL ? -1 : __atomic_load_n(&own->fd_plus_one, __ATOMIC_RELAXED) - 1;
}

bool lt_own_descriptor_is(int fd) {
    return fd >= 0 && fd == lt_own_descriptor();
}

static void set(int fd) {
    __atomic_store_n(&own->fd_plus_one, fd + 1, __ATOMIC_RELAXED);
}

static void note(int fd) {
    struct stat now = {0};
    if (lt_sys_fstat(fd, &now) != 0) return;
    noted.device = now.st_dev;
    noted.inode = now.st_ino;
    noted.fd = fd;
}

/* Unless the application has put something else in its place. */
static void close_noted(void) {
    struct stat now = {0};
    if (noted.fd >= 0 && lt_sys_fstat(noted.fd, &now) == 0 && now.st_dev == noted.device && now.st_ino == noted.inode) {
        (void)lt_sys_close(noted.fd);
    }
    noted.fd = -1;
}

int lt_own_descriptor_take(int fd) {
    const int kept = copy_to(fd, KEPT_FROM);
    (void)lt_sys_close(fd);
    if (kept < 0) return kept;
    set(kept);
    note(kept);
    own->is_lent = lt_process_is_borrowed();
    return 0;
}

bool lt_own_descriptor_is_open(void) {
    return lt_own_descriptor() >= 0;
}

static void drop(void) {
    set(-1);
    close_noted();
}

bool lt_own_descriptor_drop(void) {
    if (!own->is_lent && lt_process_is_borrowed()) return false;
    drop();
    return true;
}

void lt_own_descriptor_end_write(void) {
    if (LT_LIKELY(!own->is_lent)) return;
    if (lt_own_descriptor_is_open()) drop();
    own->is_lent = false;
}

void lt_own_descriptor_close_inherited(void) {
    close_noted();
}

/* Replaces the present descriptor while no thread writes. A vfork child's table is not its
 * parent's, so there is nothing to put. */
static void replace(int fd) {
    const enum lt_entry entry = lt_guard_enter(&lt_handover->guard, GUARD_WAIT_MS);
    if (fd >= 0) note(fd);
    set(fd);
    if (entry == LT_ENTERED) lt_guard_leave(&lt_handover->guard);
}

void lt_own_descriptor_make_room(void) {
    if (lt_process_is_borrowed()) return;
    const int copy = copy_to(lt_own_descriptor(), KEPT_FROM);
    if (copy >= 0) replace(copy);
}

bool lt_own_descriptor_move_above(int fd) {
    const int old = lt_own_descriptor();
    if (old < 0 || lt_process_is_borrowed()) return false;
    const int copy = copy_to(old, fd + 1);
    if (copy < 0) return false;
    if (copy < fd) {
        (void)lt_sys_close(copy);
        return false;
    }
    replace(copy);
    (void)lt_sys_close(old);
    return true;
}

void lt_own_descriptor_forget(void) {
    if (!lt_process_is_borrowed()) replace(-1);
}

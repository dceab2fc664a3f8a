/* Preloaded into a measured process: adds SLOW_FLUSH_US microseconds to every flush, as a disk does that really flushes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*flush_fn)(int);

static __thread long flushes;

/* How often the calling thread flushed. */
long flushes_of_this_thread(void) { return flushes; }

static void wait_for_the_disk(void) {
    flushes++;
    static int delay_us = -1;
    if (delay_us < 0) {
        const char *text = getenv("SLOW_FLUSH_US");
        delay_us = text ? atoi(text) : 0;
    }
    if (delay_us > 0) usleep((useconds_t)delay_us);
}

int fsync(int fd) {
    static flush_fn real;
    if (!real) real = (flush_fn)dlsym(RTLD_NEXT, "fsync");
    wait_for_the_disk();
    return real(fd);
}

int fdatasync(int fd) {
    static flush_fn real;
    if (!real) real = (flush_fn)dlsym(RTLD_NEXT, "fdatasync");
    wait_for_the_disk();
    return real(fd);
}

/* A disk under the test's control, preloaded into a till (LD_PRELOAD). Everything below one folder is written down in order with its bytes,
 * as tests/crash/disk_log.py reads it; the n-th change can be made to fail, once or from then on. Nothing else is touched.
 * One mutex is held over each change and its record, so that the order of the log is the order of the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FDS 4096
#define REAL(name) ({ static __typeof__(&name) found; if (!found) found = (__typeof__(&name))dlsym(RTLD_NEXT, #name); found; })

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static uint32_t handles[FDS]; /* 0: not ours; else the number of this opening in the log */
static uint32_t openings;
static int append_only[FDS];

enum { SOUND, FAILING, FULL };
static int fault = SOUND, once;
static int64_t countdown, changes;
static int64_t free_bytes = -1; /* -1: room enough */

static void put(char kind, uint32_t handle, int64_t number, const void *data, uint32_t size) {
    char head[17];
    head[0] = kind;
    memcpy(head + 1, &handle, 4);
    memcpy(head + 5, &number, 8);
    memcpy(head + 13, &size, 4);
    if (log_fd < 0) return;
    REAL(write)(log_fd, head, sizeof head);
    if (size) REAL(write)(log_fd, data, size);
}

static const char *inside(const char *path, char *room) {
    char full[PATH_MAX];
    if (log_fd < 0 || !path) return NULL;
    if (path[0] != '/') {
        if (!getcwd(full, sizeof full) || strlen(full) + strlen(path) + 2 > sizeof full) return NULL;
        strcat(full, "/");
        strcat(full, path);
        path = full;
    }
    if (strncmp(path, root, root_length) || (path[root_length] && path[root_length] != '/')) return NULL;
    return strcpy(room, path[root_length] ? path + root_length + 1 : "");
}

/* Counts one change; true when it is to fail, with errno set. `grows`: bytes of room it needs. */
static int fails(char kind, uint32_t handle, int64_t grows, const char *path) {
    int refuse = 0;
    changes++;
    if (fault == FAILING || (fault == FULL && once)) {
        if (countdown > 0) countdown--;
        if (countdown == 0 && (fault == FAILING || grows > 0)) refuse = 1;
        if (refuse && once) { put('X', handle, kind, path, path ? strlen(path) : 0); errno = fault == FULL ? ENOSPC : EIO; fault = SOUND; return 1; }
    } else if (fault == FULL) {
        if (countdown > 0 && --countdown == 0) free_bytes = 0;
        if (free_bytes >= 0 && grows > free_bytes) refuse = 1;
        else if (free_bytes >= 0) free_bytes -= grows;
    }
    if (refuse) { put('X', handle, kind, path, path ? strlen(path) : 0); errno = fault == FULL ? ENOSPC : EIO; }
    return refuse;
}

static void freed(int64_t size) { if (free_bytes >= 0 && size > 0) free_bytes += size; }
static int64_t size_of(int fd) { struct stat s; return fstat(fd, &s) ? 0 : s.st_size; }

/* --- what a test calls ------------------------------------------------------------------------------------------- */

void disk_record(const char *folder, const char *log) {
    int fd = REAL(open)(log, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    strncpy(root, folder, sizeof root - 1);
    root_length = strlen(root);
    log_fd = fd;
}
void disk_mark(const char *data, uint32_t size) { pthread_mutex_lock(&disk); put('M', 0, 0, data, size); pthread_mutex_unlock(&disk); }
void disk_fail(int64_t nth, int full, int only_once) {
    pthread_mutex_lock(&disk);
    fault = full ? FULL : FAILING; once = only_once; countdown = nth; free_bytes = -1; changes = 0;
    pthread_mutex_unlock(&disk);
}
void disk_heal(void) { pthread_mutex_lock(&disk); fault = SOUND; free_bytes = -1; put('H', 0, 0, "", 0); pthread_mutex_unlock(&disk); }
int64_t disk_changes(void) { return changes; }

/* --- opening ----------------------------------------------------------------------------------------------------- */

static int opened(const char *path, int flags, mode_t mode, int (*really)(const char *, int, ...)) {
    char name[PATH_MAX];
    struct stat before;
    int fd, there;
    if (!inside(path, name)) return really(path, flags, mode);
    pthread_mutex_lock(&disk);
    there = !stat(path, &before);
    if (!there && (flags & O_CREAT) && fails('O', 0, 1, name)) { pthread_mutex_unlock(&disk); return -1; }
    fd = really(path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        handles[fd] = ++openings;
        append_only[fd] = !!(flags & O_APPEND);
        put('O', openings, !there, name, strlen(name));
        if ((flags & O_TRUNC) && there && S_ISREG(before.st_mode)) { freed(before.st_size); put('T', openings, 0, "", 0); }
    }
    pthread_mutex_unlock(&disk);
    return fd;
}
#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return opened(path, flags, mode, (int (*)(const char *, int, ...))REAL(name)); }
OPEN(open)
OPEN(open64)
static int opened_at(int folder, const char *path, int flags, mode_t mode) { return REAL(openat)(folder, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) {
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
    if (folder == AT_FDCWD) return opened(path, flags, mode, (int (*)(const char *, int, ...))REAL(open));
    return opened_at(folder, path, flags, mode);
}
int close(int fd) {
    if (fd < 0 || fd >= FDS || !handles[fd]) return REAL(close)(fd);
    pthread_mutex_lock(&disk);
    handles[fd] = 0;
    int done = REAL(close)(fd);
    pthread_mutex_unlock(&disk);
    return done;
}
#define OURS(fd) ((fd) >= 0 && (fd) < FDS && handles[fd] && log_fd >= 0)

/* --- bytes ------------------------------------------------------------------------------------------------------- */

/* A disk with some room left takes the first part, as real ones do. */
static ssize_t written(int fd, const void *data, size_t size, off64_t at, int positioned) {
    pthread_mutex_lock(&disk);
    if (!positioned) at = append_only[fd] ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
    int64_t grows = at + (int64_t)size - size_of(fd);
    if (grows < 0) grows = 0;
    if (fault == FULL && !once && free_bytes > 0 && grows > free_bytes && (int64_t)size > grows - free_bytes) {
        size -= grows - free_bytes;
        grows = free_bytes;
    }
    ssize_t done = -1;
    if (!fails('W', handles[fd], grows, NULL)) {
        done = positioned ? REAL(pwrite64)(fd, data, size, at) : REAL(write)(fd, data, size);
        if (done > 0) put('W', handles[fd], at, data, done);
    }
    pthread_mutex_unlock(&disk);
    return done;
}
ssize_t write(int fd, const void *data, size_t size) { return OURS(fd) ? written(fd, data, size, 0, 0) : REAL(write)(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return OURS(fd) ? written(fd, data, size, at, 1) : REAL(pwrite)(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return OURS(fd) ? written(fd, data, size, at, 1) : REAL(pwrite64)(fd, data, size, at); }

static int cut(int fd, off64_t length) {
    pthread_mutex_lock(&disk);
    int64_t grows = length - size_of(fd);
    int done = -1;
    if (!fails('T', handles[fd], grows > 0 ? grows : 0, NULL)) {
        done = REAL(ftruncate64)(fd, length);
        if (!done) { freed(-grows); put('T', handles[fd], length, "", 0); }
    }
    pthread_mutex_unlock(&disk);
    return done;
}
int ftruncate(int fd, off_t length) { return OURS(fd) ? cut(fd, length) : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return OURS(fd) ? cut(fd, length) : REAL(ftruncate64)(fd, length); }

static int reserved(int fd, off64_t at, off64_t size) {
    pthread_mutex_lock(&disk);
    int64_t grows = at + size - size_of(fd);
    int done = ENOSPC;
    if (fails('A', handles[fd], grows > 0 ? grows : 0, NULL)) done = errno;
    else {
        done = REAL(posix_fallocate64)(fd, at, size);
        if (!done && grows > 0) put('T', handles[fd], at + size, "", 0);
    }
    pthread_mutex_unlock(&disk);
    return done;
}
int posix_fallocate(int fd, off_t at, off_t size) { return OURS(fd) ? reserved(fd, at, size) : REAL(posix_fallocate)(fd, at, size); }
int posix_fallocate64(int fd, off64_t at, off64_t size) { return OURS(fd) ? reserved(fd, at, size) : REAL(posix_fallocate64)(fd, at, size); }

/* What was not flushed when a flush failed may never reach the disk, though the next flush succeeds: the log says F. */
static int flushed(int fd, int (*really)(int)) {
    pthread_mutex_lock(&disk);
    int done = -1;
    if (fails('S', handles[fd], 0, NULL)) put('F', handles[fd], 0, "", 0);
    else { done = really(fd); if (!done) put('S', handles[fd], 0, "", 0); }
    pthread_mutex_unlock(&disk);
    return done;
}
int fsync(int fd) { return OURS(fd) ? flushed(fd, REAL(fsync)) : REAL(fsync)(fd); }
int fdatasync(int fd) { return OURS(fd) ? flushed(fd, REAL(fdatasync)) : REAL(fdatasync)(fd); }

/* --- names ------------------------------------------------------------------------------------------------------- */

int unlink(const char *path) {
    char name[PATH_MAX];
    struct stat before;
    if (!inside(path, name)) return REAL(unlink)(path);
    pthread_mutex_lock(&disk);
    int64_t size = stat(path, &before) ? -1 : before.st_size;
    int done = -1;
    if (size < 0) done = REAL(unlink)(path);
    else if (!fails('U', 0, 0, name)) {
        done = REAL(unlink)(path);
        if (!done) { freed(size); put('U', 0, 0, name, strlen(name)); }
    }
    pthread_mutex_unlock(&disk);
    return done;
}
int rename(const char *from, const char *to) {
    char names[2 * PATH_MAX], other[PATH_MAX];
    if (!inside(from, names) || !inside(to, other)) return REAL(rename)(from, to);
    size_t first = strlen(names);
    memcpy(names + first + 1, other, strlen(other));
    pthread_mutex_lock(&disk);
    int done = -1;
    if (!fails('R', 0, 0, other)) {
        done = REAL(rename)(from, to);
        if (!done) put('R', 0, 0, names, first + 1 + strlen(other));
    }
    pthread_mutex_unlock(&disk);
    return done;
}
int mkdir(const char *path, mode_t mode) {
    char name[PATH_MAX];
    if (!inside(path, name)) return REAL(mkdir)(path, mode);
    pthread_mutex_lock(&disk);
    int done = -1;
    struct stat before;
    if (!stat(path, &before)) done = REAL(mkdir)(path, mode);
    else if (!fails('D', 0, 1, name)) {
        done = REAL(mkdir)(path, mode);
        if (!done) put('D', 0, 0, name, strlen(name));
    }
    pthread_mutex_unlock(&disk);
    return done;
}

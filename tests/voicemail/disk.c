/* Preloaded into a process: writes down, in order, what it does to the files of the folder DISK_FOLDER, so that a power
 * cut at any moment can be played back; and lets that folder be full or read-only.
 *
 * Record: type, three 64-bit numbers, length of the text or data that follows it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FDS 1024
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int ours[FDS], journal = -1;
static const char *folder;
static int64_t room = INT64_MAX;
static int read_only;

void disk_room(int64_t bytes) { room = bytes; }
void disk_read_only(int on) { read_only = on; }
void disk_note(const char *text);

__attribute__((constructor)) static void begin(void) {
    folder = getenv("DISK_FOLDER");
    const char *path = getenv("DISK_JOURNAL");
    if (path) journal = (int)REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(char type, int64_t a, int64_t b, const void *data, size_t size) {
    struct { char type; char pad[7]; int64_t a, b, size; } head = {type, {0}, a, b, (int64_t)size};
    if (journal < 0) return;
    if (REAL(write)(journal, &head, sizeof head) != sizeof head) abort();
    if (size && REAL(write)(journal, data, size) != (ssize_t)size) abort();
}

void disk_note(const char *text) { put('n', 0, 0, text, strlen(text)); }

/* The name inside the folder, or "" for the folder itself; NULL: elsewhere. */
static const char *inside(const char *path) {
    size_t size = folder ? strlen(folder) : 0;
    if (!size || strncmp(path, folder, size)) return NULL;
    if (!path[size]) return "";
    return path[size] == '/' ? path + size + 1 : NULL;
}

static int refused(void) {
    if (!read_only) return 0;
    errno = EROFS;
    return 1;
}

static int inode(int fd) {
    struct stat told;
    return fstat(fd, &told) ? 0 : (int)told.st_ino;
}

static int opened(int fd, const char *path, int flags) {
    const char *name = inside(path);
    if (fd < 0 || fd >= FDS) return fd;
    ours[fd] = name != NULL;
    if (name && *name && (flags & O_CREAT)) put('c', inode(fd), 0, name, strlen(name));
    if (name && (flags & O_TRUNC)) put('t', inode(fd), 0, NULL, 0);
    return fd;
}

static int open_(const char *path, int flags, mode_t mode) {
    int writes = (flags & (O_WRONLY | O_RDWR)) || ((flags & O_CREAT) && REAL(access)(path, F_OK));
    if (inside(path) && writes && refused()) return -1;
    pthread_mutex_lock(&mutex);
    int fd = opened(REAL(open64)(path, flags, mode), path, flags);
    pthread_mutex_unlock(&mutex);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return open_(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_(path, flags, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FDS) ours[fd] = 0;
    return REAL(close)(fd);
}

static int is_ours(int fd) { return fd >= 0 && fd < FDS && ours[fd]; }

/* How much of a write there is room for; -1 and errno if none. */
static ssize_t allowed(int fd, size_t size, off64_t at) {
    struct stat told;
    if (refused()) return -1;
    if (room == INT64_MAX || fstat(fd, &told)) return (ssize_t)size;
    int64_t grows = (int64_t)at + (int64_t)size - told.st_size;
    if (grows <= 0) return (ssize_t)size;
    if (grows > room) { size -= (size_t)(grows - room); grows = room; }
    room -= grows;
    if (!size) { errno = ENOSPC; return -1; }
    return (ssize_t)size;
}

static ssize_t written(int fd, const void *data, ssize_t size, off64_t at) {
    if (size > 0) put('w', inode(fd), at, data, (size_t)size);
    return size;
}

ssize_t write(int fd, const void *data, size_t size) {
    if (!is_ours(fd)) return REAL(write)(fd, data, size);
    pthread_mutex_lock(&mutex);
    off64_t at = lseek64(fd, 0, SEEK_CUR);
    ssize_t may = allowed(fd, size, at);
    ssize_t done = may < 0 ? -1 : written(fd, data, REAL(write)(fd, data, (size_t)may), at);
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    if (!is_ours(fd)) return REAL(pwrite64)(fd, data, size, at);
    pthread_mutex_lock(&mutex);
    ssize_t may = allowed(fd, size, at);
    ssize_t done = may < 0 ? -1 : written(fd, data, REAL(pwrite64)(fd, data, (size_t)may, at), at);
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

int ftruncate64(int fd, off64_t size) {
    if (is_ours(fd) && refused()) return -1;
    int done = REAL(ftruncate64)(fd, size);
    if (!done && is_ours(fd)) put('t', inode(fd), size, NULL, 0);
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, int done) {
    struct stat told;
    if (!done && is_ours(fd) && !fstat(fd, &told)) put(S_ISDIR(told.st_mode) ? 'd' : 's', inode(fd), 0, NULL, 0);
    return done;
}

int fsync(int fd) { return synced(fd, REAL(fsync)(fd)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)(fd)); }

int posix_fallocate64(int fd, off64_t at, off64_t size) {
    if (!is_ours(fd)) return REAL(posix_fallocate64)(fd, at, size);
    if (room != INT64_MAX) { if (room < size) return ENOSPC; room -= size; }
    return REAL(posix_fallocate64)(fd, at, size);
}

int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }

int access(const char *path, int mode) {
    if (inside(path) && (mode & W_OK) && refused()) return -1;
    return REAL(access)(path, mode);
}

int statvfs64(const char *path, struct statvfs64 *told) {
    int done = REAL(statvfs64)(path, told);
    if (!done && inside(path) && room != INT64_MAX) told->f_bavail = (fsblkcnt64_t)room / told->f_frsize;
    return done;
}

int statvfs(const char *path, struct statvfs *told) { return statvfs64(path, (struct statvfs64 *)told); }

int unlink(const char *path) {
    const char *name = inside(path);
    struct stat told;
    if (name && refused()) return -1;
    int64_t size = name && !stat(path, &told) ? told.st_size : 0;
    int done = REAL(unlink)(path);
    if (!done && name) {
        put('u', 0, 0, name, strlen(name));
        if (room != INT64_MAX) room += size;
    }
    return done;
}

int rename(const char *from, const char *to) {
    const char *old = inside(from), *new = inside(to);
    char both[600];
    if (old && refused()) return -1;
    int done = REAL(rename)(from, to);
    if (!done && old && new) put('r', 0, 0, both, (size_t)snprintf(both, sizeof both, "%s/%s", old, new));
    return done;
}

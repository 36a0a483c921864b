/* Loaded into mingjingd (LD_PRELOAD): lets chosen system calls below MJ_SHIM_PREFIX fail or be slow, and
   shifts the wall clock. What to do stands in a page of memory shared through the file MJ_SHIM; hall.py's
   class Shim writes it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE = 1, SYNC = 2, RENAME = 4, CREATE = 8, TRUNCATE = 16 };

struct page {
  _Atomic int64_t clock_ns;   /* added to CLOCK_REALTIME */
  _Atomic int64_t kinds;      /* which operations are counted, delayed, refused */
  _Atomic int64_t first;      /* number of the first operation that fails; 0: none */
  _Atomic int64_t count;      /* how many fail from there on */
  _Atomic int64_t error;      /* errno */
  _Atomic int64_t delay_us;   /* of each; one that is under way hears of a shorter one */
  _Atomic int64_t operations; /* so far */
  _Atomic int64_t injected;
};

static struct page* page;
static const char* prefix;

__attribute__((constructor)) static void begin(void) {
  const char* name = getenv("MJ_SHIM");
  prefix = getenv("MJ_SHIM_PREFIX");
  const int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0 || !prefix) return;
  void* at = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) page = at;
}

#define REAL(name)               \
  static __typeof__(name)* real; \
  if (!real) real = (__typeof__(name)*)dlsym(RTLD_NEXT, #name)

/* The descriptor lies below the prefix. */
static int ours(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return strncmp(path, prefix, strlen(prefix)) == 0;
}

static void wait_as_told(void) {
  enum { STEP_US = 10000 };
  const struct timespec pause = {0, STEP_US * 1000};
  for (int64_t waited = 0; waited < page->delay_us; waited += STEP_US) nanosleep(&pause, NULL);
}

/* True: the call fails, errno is set. */
static int refused(enum kind kind, int fd) {
  if (!page || !(page->kinds & kind) || !ours(fd)) return 0;
  const int64_t number = ++page->operations;
  wait_as_told();
  const int64_t first = page->first;
  if (first == 0 || number < first || number >= first + page->count) return 0;
  ++page->injected;
  errno = (int)page->error;
  return 1;
}

ssize_t pwritev(int fd, const struct iovec* vectors, int count, off_t offset) {
  REAL(pwritev);
  return refused(WRITE, fd) ? -1 : real(fd, vectors, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec* vectors, int count, off64_t offset) {
  REAL(pwritev64);
  return refused(WRITE, fd) ? -1 : real(fd, vectors, count, offset);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  REAL(pwrite);
  return refused(WRITE, fd) ? -1 : real(fd, bytes, size, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  REAL(pwrite64);
  return refused(WRITE, fd) ? -1 : real(fd, bytes, size, offset);
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return refused(SYNC, fd) ? -1 : real(fd);
}
int fsync(int fd) {
  REAL(fsync);
  return refused(SYNC, fd) ? -1 : real(fd);
}
int syncfs(int fd) {
  REAL(syncfs);
  return refused(SYNC, fd) ? -1 : real(fd);
}
int ftruncate(int fd, off_t size) {
  REAL(ftruncate);
  return refused(TRUNCATE, fd) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  return refused(TRUNCATE, fd) ? -1 : real(fd, size);
}
int renameat(int from, const char* a, int to, const char* b) {
  REAL(renameat);
  return refused(RENAME, from) ? -1 : real(from, a, to, b);
}
int renameat2(int from, const char* a, int to, const char* b, unsigned flags) {
  REAL(renameat2);
  return refused(RENAME, from) ? -1 : real(from, a, to, b, flags);
}

/* The store opens its files by the system call itself (openat2 has no wrapper). */
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2 && a[2]) {
    const uint64_t flags = *(const uint64_t*)a[2];
    if ((flags & O_CREAT) && refused(CREATE, (int)a[0])) return -1;
  }
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  REAL(clock_gettime);
  const int code = real(clock, time);
  if (code != 0 || clock != CLOCK_REALTIME || !page) return code;
  const int64_t ns = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + page->clock_ns;
  time->tv_sec = ns / 1000000000;
  time->tv_nsec = ns % 1000000000;
  return code;
}

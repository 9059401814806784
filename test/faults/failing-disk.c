/* Loaded in front of libc: makes writes and syncs of the store's database fail or wait, as the file that GRADUS_TEST_FAULT names says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* First letter of the fault that is on: w (writes: EIO), f (full: ENOSPC), s (syncs: EIO), l (long syncs); 0 for none. */
static char fault(int fd) {
  char link[64], path[4096], letter = 0;
  const char *control = getenv("GRADUS_TEST_FAULT");
  if (control == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strstr(path, "gradus.db") == NULL) return 0;
  int file = open(control, O_RDONLY);
  if (file < 0) return 0;
  if (read(file, &letter, 1) != 1) letter = 0;
  close(file);
  return letter;
}

static int refused(int fd) {
  char letter = fault(fd);
  if (letter == 'w') errno = EIO;
  if (letter == 'f') errno = ENOSPC;
  return letter == 'w' || letter == 'f';
}

static int synced(int fd, const char *name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  char letter = fault(fd);
  if (letter == 's') { errno = EIO; return -1; }
  if (letter == 'l') usleep(300000);
  return real(fd);
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  ssize_t (*real)(int, const void *, size_t, off64_t) = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  return refused(fd) ? -1 : real(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t write(int fd, const void *bytes, size_t count) {
  ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  return refused(fd) ? -1 : real(fd, bytes, count);
}

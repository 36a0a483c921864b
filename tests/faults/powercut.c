/* nbdkit plugin: a disk with a volatile write cache. Once the file `ctl` is there, the power goes at the next
   flush, which is where most is at stake: of the 512-byte sectors that were written but not flushed a random
   `keep` percent reach the image `img` (torn and out of order, as disks do), the rest is forgotten, and from
   then on every request fails. The first 4 KiB alone are kept or forgotten as one: there lies the file
   system's superblock, which ext4 does not protect from tearing, and an e2fsck that mends it would come
   between what the disk kept and whoever judges it. What happened is told in `ctl`.done. */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_SERIALIZE_ALL_REQUESTS

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, WHOLE_SECTORS = 8 };

static char *image, *cut_file;
static int keep_percent = 50, fd = -1, dead;
static int64_t size;
static unsigned char** cached; /* by sector; NULL: as in the image */
static uint32_t* dirty;        /* sectors that got a place in `cached`, some since flushed */
static size_t dirty_count, dirty_room = 1 << 20;

static int configure(const char* key, const char* value) {
  if (strcmp(key, "img") == 0) {
    image = nbdkit_realpath(value);
  } else if (strcmp(key, "ctl") == 0) {
    cut_file = nbdkit_absolute_path(value);
  } else if (strcmp(key, "keep") == 0) {
    keep_percent = atoi(value);
  } else {
    nbdkit_error("unknown parameter %s", key);
    return -1;
  }
  return 0;
}

static int get_ready(void) {
  fd = open(image, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    nbdkit_error("%s: %m", image);
    return -1;
  }
  size = lseek(fd, 0, SEEK_END);
  cached = calloc((size_t)(size / SECTOR), sizeof *cached);
  dirty = malloc(dirty_room * sizeof *dirty);
  srand((unsigned)getpid());
  return cached && dirty ? 0 : -1;
}

static int store(uint32_t sector, const void* bytes) {
  return pwrite(fd, bytes, SECTOR, (off_t)sector * SECTOR) == SECTOR ? 0 : -1;
}

static void tell(long kept, long dropped) {
  char path[4096], text[64];
  snprintf(path, sizeof path, "%s.done", cut_file);
  const int out = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  const int length = snprintf(text, sizeof text, "kept %ld dropped %ld\n", kept, dropped);
  if (out >= 0) {
    if (write(out, text, (size_t)length) != length) nbdkit_debug("cannot tell");
    close(out);
  }
}

/* True: the power is off, and the request must fail. */
static int power_is_off(void) {
  if (dead) nbdkit_set_error(EIO);
  return dead;
}

static int cut_is_asked(void) {
  return access(cut_file, F_OK) == 0;
}

static int chance(void) {
  return rand() % 100 < keep_percent;
}

static void cut_power(void) {
  long kept = 0, dropped = 0;
  const int superblock_kept = chance();
  for (size_t i = 0; i < dirty_count; i++) {
    if (!cached[dirty[i]]) continue;
    const int keep = dirty[i] < WHOLE_SECTORS ? superblock_kept : chance();
    if (keep && store(dirty[i], cached[dirty[i]]) == 0) {
      kept++;
    } else {
      dropped++;
    }
    free(cached[dirty[i]]);
    cached[dirty[i]] = NULL;
  }
  dead = 1;
  tell(kept, dropped);
}

static int read_bytes(void* handle, void* bytes, uint32_t count, uint64_t offset, uint32_t flags) {
  (void)handle, (void)flags;
  if (power_is_off()) return -1;
  if (pread(fd, bytes, count, (off_t)offset) != (ssize_t)count) return -1;
  for (uint32_t i = 0; i < count; i += SECTOR) {
    const unsigned char* sector = cached[(offset + i) / SECTOR];
    if (sector) memcpy((char*)bytes + i, sector, SECTOR);
  }
  return 0;
}

static int cache(uint32_t sector, const void* bytes) {
  if (!cached[sector]) {
    if (dirty_count == dirty_room) {
      uint32_t* more = realloc(dirty, 2 * dirty_room * sizeof *dirty);
      if (!more) return -1;
      dirty = more;
      dirty_room *= 2;
    }
    cached[sector] = malloc(SECTOR);
    if (!cached[sector]) return -1;
    dirty[dirty_count++] = sector;
  }
  memcpy(cached[sector], bytes, SECTOR);
  return 0;
}

static int write_bytes(void* handle, const void* bytes, uint32_t count, uint64_t offset, uint32_t flags) {
  (void)handle;
  if (power_is_off()) return -1;
  const int through = (flags & NBDKIT_FLAG_FUA) && !cut_is_asked();
  for (uint32_t i = 0; i < count; i += SECTOR) {
    const uint32_t sector = (uint32_t)((offset + i) / SECTOR);
    const char* at = (const char*)bytes + i;
    if (!through) {
      if (cache(sector, at) != 0) return -1;
      continue;
    }
    if (store(sector, at) != 0) return -1;
    free(cached[sector]);
    cached[sector] = NULL;
  }
  if ((flags & NBDKIT_FLAG_FUA) && !through) cut_power();
  return power_is_off() ? -1 : 0;
}

static int flush(void* handle, uint32_t flags) {
  (void)handle, (void)flags;
  if (!dead && cut_is_asked()) cut_power();
  if (power_is_off()) return -1;
  for (size_t i = 0; i < dirty_count; i++) {
    unsigned char** sector = &cached[dirty[i]];
    if (!*sector) continue;
    if (store(dirty[i], *sector) != 0) return -1;
    free(*sector);
    *sector = NULL;
  }
  dirty_count = 0;
  return 0;
}

static void* open_disk(int readonly) {
  (void)readonly;
  return NBDKIT_HANDLE_NOT_NEEDED;
}
static int64_t get_size(void* handle) {
  (void)handle;
  return size;
}
static int can_flush(void* handle) {
  (void)handle;
  return 1;
}
static int can_fua(void* handle) {
  (void)handle;
  return NBDKIT_FUA_NATIVE;
}
static int block_size(void* handle, uint32_t* minimum, uint32_t* preferred, uint32_t* maximum) {
  (void)handle;
  *minimum = SECTOR;
  *preferred = 4096;
  *maximum = 1U << 25;
  return 0;
}

static struct nbdkit_plugin plugin = {
    .name = "powercut",
    .config = configure,
    .get_ready = get_ready,
    .open = open_disk,
    .get_size = get_size,
    .pread = read_bytes,
    .pwrite = write_bytes,
    .flush = flush,
    .can_flush = can_flush,
    .can_fua = can_fua,
    .block_size = block_size,
};

NBDKIT_REGISTER_PLUGIN(plugin)

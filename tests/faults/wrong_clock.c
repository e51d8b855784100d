/* Preloaded into the processes of Jejak: the clock of the host is wrong by the seconds in the file that WRONG_CLOCK
 * names. The file holds one 64-bit integer, so a test can move the clock while the processes run. The monotonic clock
 * is as it is, because a correction of the clock does not move it. (libfaketime 0.9.10 breaks `clock_nanosleep`, with
 * which Python sleeps.) */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *wrong;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("WRONG_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof *wrong, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) wrong = shared;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && wrong) time->tv_sec += *wrong;
    return result;
}

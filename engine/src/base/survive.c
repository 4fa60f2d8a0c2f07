#define _GNU_SOURCE
#include "base/survive.h"

#include <string.h>

#ifdef __linux__
#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kernel reads in our place, and finds an error where we would get a signal. Copies that a
 * sandbox does not allow are made by hand. */
bool survive_copy(void *to, const void *from, size_t bytes) {
    unsigned char *dst = to;
    const unsigned char *src = from;
    const pid_t self = getpid();
    while (bytes) {
        const struct iovec local = {dst, bytes}, remote = {(void *)(size_t)src, bytes};
        const ssize_t n = process_vm_readv(self, &local, 1, &remote, 1, 0);
        if (n < 0 && errno == EFAULT) return false;
        if (n <= 0) {
            memcpy(dst, src, bytes);
            return true;
        }
        dst += n;
        src += n;
        bytes -= (size_t)n;
    }
    return true;
}

bool survive_keep(void *start, size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t whole = (bytes + page - 1) / page * page;
    void *copy = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) return true;
    if (!survive_copy(copy, start, whole)) {
        munmap(copy, whole);
        return false;
    }
    if (mprotect(copy, whole, PROT_READ) != 0 ||
        mremap(copy, whole, whole, MREMAP_MAYMOVE | MREMAP_FIXED, start) == MAP_FAILED)
        munmap(copy, whole);
    return true;
}
#else
bool survive_copy(void *to, const void *from, size_t bytes) {
    memcpy(to, from, bytes);
    return true;
}

bool survive_keep(void *start, size_t bytes) {
    (void)start;
    (void)bytes;
    return true;
}
#endif

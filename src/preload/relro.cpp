#include "preload/relro.h"

#include <sys/mman.h>

#include "keepalive/system_call.h"

namespace keepalive::preload {
namespace {

// The largest page of the architecture. Linkers give the writable segment pages of its own even at this size, so that
// rounding down reaches no code.
#if defined(__x86_64__) || defined(__i386__)
constexpr unsigned long largest_page = 4096;
#else
constexpr unsigned long largest_page = 65536;
#endif

bool protect(unsigned long start, unsigned long length, int protection) {
  return system_call(SYS_mprotect, start, length, protection) == 0;
}

}  // namespace

WritableRelro::WritableRelro(const void* variable, std::size_t size)
    : start_(reinterpret_cast<unsigned long>(variable) & ~(largest_page - 1)),
      length_(reinterpret_cast<unsigned long>(variable) - start_ + size),
      writable_(protect(start_, length_, PROT_READ | PROT_WRITE)) {}

WritableRelro::~WritableRelro() {
  if (writable_) protect(start_, length_, PROT_READ);
}

}  // namespace keepalive::preload

/// @file
/// Variables in the part of the object that the loader makes read-only after relocation (RELRO). Every process has a
/// private copy of this page already, so a variable here costs no further page, and it is read-only.
#pragma once

#include <cstddef>

/// Puts a variable into this part. The variable must be constant-initialised and have no destructor.
#define KEEPALIVE_RELRO [[gnu::section(".data.rel.ro")]]

namespace keepalive::preload {

/// Makes such a variable writable as long as this object lives.
class WritableRelro {
 public:
  WritableRelro(const void* variable, std::size_t size);
  WritableRelro(const WritableRelro&) = delete;
  WritableRelro& operator=(const WritableRelro&) = delete;
  ~WritableRelro();

  /// False if the system refused: then writing to the variable would crash.
  explicit operator bool() const { return writable_; }

 private:
  unsigned long start_;
  unsigned long length_;
  bool writable_;
};

}  // namespace keepalive::preload

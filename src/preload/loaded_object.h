/// @file
/// Finds a function in one of the objects (the program, libraries) that the loader has put into the process.
///
/// dlsym(3) alone is not enough: other preload libraries interpose it and answer with functions that lead back to ours.
/// Before glibc 2.34 it is in libdl, which may not be loaded.
#pragma once

#include <link.h>

#include <cstdint>

namespace keepalive::preload {

class LoadedObject {
 public:
  /// @param info as dl_iterate_phdr(3) hands it out; kept by reference.
  explicit LoadedObject(const dl_phdr_info& info);

  /// Whether the address lies between the begin of its first segment and the end of its last.
  [[nodiscard]] bool contains(const void* address) const {
    return reinterpret_cast<ElfW(Addr)>(address) - begin_ < size_;
  }

  /// The function with this name that the object exports, in its default version; null if there is none.
  [[nodiscard]] void* find_function(const char* name);

  /// Whether this is the C library.
  [[nodiscard]] bool is_libc() { return find_function("__libc_start_main") != nullptr; }

 private:
  void read_dynamic_section();
  template <class Type>
  [[nodiscard]] const Type* at(ElfW(Addr) address) const;
  [[nodiscard]] void* function_at(std::uint32_t index, const char* name) const;
  [[nodiscard]] void* find_by_gnu_hash(const char* name) const;
  [[nodiscard]] void* find_by_hash(const char* name) const;

  const dl_phdr_info& info_;
  ElfW(Addr) begin_ = 0;
  ElfW(Addr) size_ = 0;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* strings_ = nullptr;
  const ElfW(Half) * versions_ = nullptr;    ///< null: its symbols have no versions
  const std::uint32_t* gnu_hash_ = nullptr;  ///< null: the object has no such table
  const std::uint32_t* hash_ = nullptr;      ///< the older table; null: the object has none
};

}  // namespace keepalive::preload

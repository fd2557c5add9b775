/// @file
/// A file, read at any offset.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// The last part of a path.
inline std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The whole text of a file; empty if it cannot be read. Takes a file of /proc too, whose size the kernel does not
/// tell.
inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Bytes beyond the end, or that cannot be read, read as zeros.
class File {
 public:
  explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat status {};
    if (is_open() && fstat(descriptor_.get(), &status) == 0 && S_ISREG(status.st_mode)) {
      size_ = static_cast<std::uint64_t>(status.st_size);
    }
  }

  [[nodiscard]] bool is_open() const { return descriptor_.get() >= 0; }

  template <class Record>
  [[nodiscard]] Record read(std::uint64_t offset) const {
    Record record{};
    if (offset >= size_) return record;
    const ssize_t count = pread(descriptor_.get(), &record, sizeof record, static_cast<off_t>(offset));
    return count == static_cast<ssize_t>(sizeof record) ? record : Record{};
  }

  /// As many bytes as there are, at most `size` and at most 64 MiB.
  [[nodiscard]] std::string text(std::uint64_t offset, std::uint64_t size) const {
    if (offset >= size_) return "";
    std::string text(static_cast<std::size_t>(std::min({size, size_ - offset, longest})), '\0');
    const ssize_t count = pread(descriptor_.get(), text.data(), text.size(), static_cast<off_t>(offset));
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

 private:
  static constexpr std::uint64_t longest = 1 << 26;

  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace keepalive::command

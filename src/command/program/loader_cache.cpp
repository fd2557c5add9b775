#include "command/program/loader_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "command/program/file.h"

namespace keepalive::command {
namespace {

// The format is in sysdeps/generic/dl-cache.h of glibc. Since glibc 2.32 the file begins with this text. Before, a
// table of an older format comes first. The places of strings are counted from the start of this header.
constexpr std::string_view magic = "glibc-ld.so.cache1.1";

struct Header {
  char magic[20];
  std::uint32_t entry_count;
  std::uint32_t strings_size;
  std::uint32_t unused[5];
};

struct Entry {
  std::int32_t flags;
  std::uint32_t name;
  std::uint32_t path;
  std::uint32_t system_version;
  std::uint64_t hardware;
};

template <class Record>
Record record_at(std::string_view content, std::size_t offset) {
  Record record{};
  if (offset <= content.size() && content.size() - offset >= sizeof record) {
    std::memcpy(&record, content.data() + offset, sizeof record);
  }
  return record;
}

std::string_view text_at(std::string_view content, std::size_t offset) {
  const std::string_view text = content.substr(std::min(offset, content.size()));
  return text.substr(0, text.find('\0'));
}

}  // namespace

std::vector<std::string> LoaderCache::paths_of(const std::string& name) {
  if (!content_) content_ = File(path_).text(0, 1 << 24);
  const std::size_t begin = content_->find(magic);
  std::vector<std::string> paths;
  if (begin == std::string::npos) return paths;
  const std::string_view content = std::string_view(*content_).substr(begin);
  const auto header = record_at<Header>(content, 0);
  const std::size_t most = content.size() / sizeof(Entry);
  for (std::size_t i = 0; i < std::min<std::size_t>(header.entry_count, most); ++i) {
    const auto entry = record_at<Entry>(content, sizeof(Header) + i * sizeof(Entry));
    if (text_at(content, entry.name) == name) paths.emplace_back(text_at(content, entry.path));
  }
  return paths;
}

}  // namespace keepalive::command

/// @file
/// The loader's list of the libraries in the folders of /etc/ld.so.conf (ldconfig(8)).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace keepalive::command {

class LoaderCache {
 public:
  explicit LoaderCache(std::string path = "/etc/ld.so.cache") : path_(std::move(path)) {}

  /// Paths of all libraries of this name, for every machine. The file is read when this is first called. Empty if there
  /// is no such file, or one of another format (musl has none).
  std::vector<std::string> paths_of(const std::string& name);

 private:
  std::string path_;
  std::optional<std::string> content_;
};

}  // namespace keepalive::command

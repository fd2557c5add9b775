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

  /// Paths of all libraries of this name, for every machine. The first call reads the file. Empty if there is no such
  /// file (musl has none), or if it has another format.
  std::vector<std::string> paths_of(const std::string& name);

 private:
  std::string path_;
  std::optional<std::string> content_;
};

}  // namespace keepalive::command

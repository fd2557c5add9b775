#include "command/program/libraries.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "command/program/loader_cache.h"

namespace keepalive::command {
namespace {

// Libraries that do not count: libc's parts (its resolver makes sockets for name servers), the C++ runtime, and
// libraries that use netlink or UNIX sockets only. su(1), sudo(8), login(1) and many small programs need these
// libraries.
constexpr std::array<std::string_view, 20> without_tcp{
    "libc.",       "libm.",     "libdl.",   "libpthread.", "librt.",     "libresolv.", "libutil.",
    "libnsl.",     "libanl.",   "ld-linux", "ld-musl",     "ld64.",      "libstdc++.", "libgcc_s.",
    "libselinux.", "libaudit.", "libpam.",  "libpam_misc", "libcap-ng.", "libsystemd"};

bool is_without_tcp(std::string_view library) {
  return std::any_of(without_tcp.begin(), without_tcp.end(),
                     [&](std::string_view prefix) { return library.rfind(prefix, 0) == 0; });
}

// The folders that loaders search last: those of Debian, of Fedora and of musl.
std::vector<std::string> standard_folders(const Machine& machine) {
  std::vector<std::string> folders;
  for (const char* const root : {"/lib", "/usr/lib", "/usr/local/lib"}) {
    if (machine.number == EM_X86_64 && machine.bits() == 64) folders.push_back(root + std::string("/x86_64-linux-gnu"));
    if (machine.number == EM_AARCH64) folders.push_back(root + std::string("/aarch64-linux-gnu"));
    if (machine.bits() == 64) folders.push_back(root + std::string("64"));
    folders.emplace_back(root);
  }
  return folders;
}

std::string replace_origin(std::string folder, const std::string& origin) {
  for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"}) {
    for (std::size_t at = 0; (at = folder.find(word)) != std::string::npos;) folder.replace(at, word.size(), origin);
  }
  return folder;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string real_path(const std::string& path) {
  char* const resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string text = resolved;
  std::free(resolved);
  return text;
}

struct Library {
  std::string path;
  Elf elf;
};

class Search {
 public:
  explicit Search(const Machine& machine) : machine_(machine), standard_folders_(standard_folders(machine)) {
    const char* const variable = std::getenv("LD_LIBRARY_PATH");
    for (std::string_view left = variable != nullptr ? variable : ""; !left.empty();) {
      const std::size_t end = std::min(left.find_first_of(":;"), left.size());
      user_folders_.emplace_back(end == 0 ? "." : left.substr(0, end));
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }

  /// The library that `by` needs by this name.
  std::optional<Library> find(const std::string& name, const Library& by) {
    if (name.find('/') != std::string::npos) return open(name);
    const std::string origin = folder_of(real_path(by.path));
    for (const std::string& folder : by.elf.folders) add_once(inherited_folders_, replace_origin(folder, origin));
    // The loader searches the program's DT_RPATH for its libraries' needs too, but not its DT_RUNPATH. This searches
    // both. At worst it finds a library that the loader would not find.
    for (const auto* const folders : {&inherited_folders_, &user_folders_}) {
      if (std::optional<Library> found = find_in(*folders, name)) return found;
    }
    for (const std::string& path : cache_.paths_of(name)) {
      if (std::optional<Library> found = open(path)) return found;
    }
    return find_in(standard_folders_, name);
  }

 private:
  static void add_once(std::vector<std::string>& folders, const std::string& folder) {
    if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(folder);
  }

  [[nodiscard]] std::optional<Library> find_in(const std::vector<std::string>& folders, const std::string& name) const {
    for (const std::string& folder : folders) {
      if (std::optional<Library> found = open(folder + "/" + name)) return found;
    }
    return std::nullopt;
  }

  // None if the library is for another machine: the loader passes over such a library too.
  [[nodiscard]] std::optional<Library> open(const std::string& path) const {
    std::optional<Elf> elf = read_elf(path);
    if (!elf || !elf->machine.fits(machine_)) return std::nullopt;
    return Library{path, *std::move(elf)};
  }

  Machine machine_;
  std::vector<std::string> inherited_folders_;
  std::vector<std::string> user_folders_;
  std::vector<std::string> standard_folders_;
  LoaderCache cache_;
};

bool may_make_sockets(const Symbols& symbols) { return symbols.calls_sockets || symbols.opens_libraries; }

}  // namespace

bool may_start_programs(const Elf& program) {
  constexpr std::array<std::string_view, 6> start_none{"libc.", "libm.", "libdl.", "libpthread.", "librt.", "ld-linux"};
  return program.symbols.starts_programs ||
         !std::all_of(program.needed.begin(), program.needed.end(), [&](std::string_view library) {
           return std::any_of(start_none.begin(), start_none.end(),
                              [&](std::string_view prefix) { return library.rfind(prefix, 0) == 0; });
         });
}

bool makes_sockets(const Elf& program, const std::string& path) {
  if (may_make_sockets(program.symbols)) return true;
  Search search(program.machine);
  std::set<std::string> seen;
  std::vector<Library> waiting{{path, program}};
  while (!waiting.empty()) {
    const Library library = std::move(waiting.back());
    waiting.pop_back();
    for (const std::string& name : library.elf.needed) {
      if (is_without_tcp(name) || !seen.insert(name).second) continue;
      std::optional<Library> found = search.find(name, library);
      if (!found || may_make_sockets(found->elf.symbols)) return true;
      waiting.push_back(*std::move(found));
    }
  }
  return false;
}

}  // namespace keepalive::command

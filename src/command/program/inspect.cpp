#include "command/program/inspect.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "command/cli/error.h"

namespace keepalive::command {
namespace {

/// A file, read where asked. Whatever can't be read reads as zeros.
class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  template <class Record>
  [[nodiscard]] Record read(std::uint64_t offset) const {
    Record record{};
    if (pread(fd_, &record, sizeof record, static_cast<off_t>(offset)) != static_cast<ssize_t>(sizeof record)) {
      return Record{};
    }
    return record;
  }

  /// As much as there is, at most `size`.
  [[nodiscard]] std::string text(std::uint64_t offset, std::uint64_t size) const {
    std::string text(static_cast<std::size_t>(std::min(size, longest)), '\0');
    const ssize_t count = pread(fd_, text.data(), text.size(), static_cast<off_t>(offset));
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

 private:
  static constexpr std::uint64_t longest = 1 << 20;  // of a table in a file that may be nonsense
  int fd_;
};

struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Section = Elf64_Shdr;
};

struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Section = Elf32_Shdr;
};

constexpr unsigned char own_byte_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

/// What decides which programs a library fits: the start of an ELF header is the same for both word sizes.
struct Machine {
  std::array<unsigned char, EI_NIDENT> identity{};
  std::uint16_t type = 0;
  std::uint16_t machine = 0;

  [[nodiscard]] bool is_elf() const { return std::memcmp(identity.data(), ELFMAG, SELFMAG) == 0; }
  [[nodiscard]] int bits() const { return identity[EI_CLASS] == ELFCLASS64 ? 64 : 32; }
  [[nodiscard]] bool fits(const Machine& other) const {
    return identity[EI_CLASS] == other.identity[EI_CLASS] && identity[EI_DATA] == other.identity[EI_DATA] &&
           machine == other.machine;
  }
};

std::string describe(const Machine& machine) {
  const std::string bits = std::to_string(machine.bits()) + "-bit";
  if (machine.identity[EI_DATA] != own_byte_order) return bits + " code of the other byte order";
  switch (machine.machine) {
    case EM_X86_64:
      return machine.bits() == 64 ? "64-bit x86 code" : "x32 code";
    case EM_386:
      return "32-bit x86 code";
    case EM_AARCH64:
      return "64-bit ARM code";
    case EM_ARM:
      return "32-bit ARM code";
    default:
      return bits + " code for ELF machine " + std::to_string(machine.machine);
  }
}

// The name of a note is "Go" and two zeros (cmd/internal/buildid in the Go toolchain).
bool has_go_note(std::string_view notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {  // the same for both word sizes
    Elf64_Nhdr note{};
    std::memcpy(&note, notes.data(), sizeof note);
    const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
    const std::uint64_t size = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (notes.substr(sizeof note, 4) == std::string_view("Go\0\0", 4) && note.n_namesz == 4) return true;
    if (size > notes.size()) return false;
    notes.remove_prefix(static_cast<std::size_t>(size));
  }
  return false;
}

/// What the program headers and sections tell.
struct Contents {
  bool names_loader = false;
  bool is_go = false;
};

template <class Elf>
bool has_go_section(const File& file, const typename Elf::Header& header) {
  using Section = typename Elf::Section;
  const auto section = [&](std::uint64_t index) {
    return file.read<Section>(header.e_shoff + index * sizeof(Section));
  };
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Section)) return false;
  const Section names_section = section(header.e_shstrndx);
  const std::string names = file.text(names_section.sh_offset, names_section.sh_size);
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const std::uint64_t name = section(i).sh_name;
    if (name < names.size() && std::strcmp(names.c_str() + name, ".go.buildinfo") == 0) return true;
  }
  return false;
}

template <class Elf>
Contents contents_of(const File& file) {
  using Segment = typename Elf::Segment;
  const auto header = file.read<typename Elf::Header>(0);
  Contents contents;
  for (std::uint64_t i = 0; i < header.e_phnum && header.e_phentsize == sizeof(Segment); ++i) {
    const auto segment = file.read<Segment>(header.e_phoff + i * sizeof(Segment));
    if (segment.p_type == PT_INTERP) contents.names_loader = true;
    if (segment.p_type == PT_NOTE && has_go_note(file.text(segment.p_offset, segment.p_filesz))) contents.is_go = true;
  }
  if (!contents.is_go) contents.is_go = has_go_section<Elf>(file, header);
  return contents;
}

// The loader itself, run as a command, takes LD_PRELOAD for the program that it is told to load.
bool is_loader(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.rfind("ld-linux", 0) == 0 || name.rfind("ld-musl", 0) == 0 || name.rfind("ld.so", 0) == 0;
}

// What execve(2) would take from the file; see also "Secure-execution mode" in ld.so(8).
std::string privileges(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return "";
  if ((file.st_mode & S_ISUID) != 0 && file.st_uid != getuid()) return "setuid";
  if ((file.st_mode & S_ISGID) != 0 && (file.st_mode & S_IXGRP) != 0 && file.st_gid != getgid()) return "setgid";
  const bool has_capabilities = getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  return has_capabilities && getuid() != 0 ? "given file capabilities" : "";
}

// The interpreter in `#! /path argument`; empty for other files. The kernel reads 256 bytes (BINPRM_BUF_SIZE).
std::string interpreter_of(const std::string& start) {
  if (start.rfind("#!", 0) != 0) return "";
  const std::size_t begin = start.find_first_not_of(" \t", 2);
  if (begin == std::string::npos) return "";
  return start.substr(begin, start.find_first_of(std::string_view(" \t\n\0", 4), begin) - begin);
}

// Follows `#!` as the kernel does, which gives up after five.
std::string loaded_file(std::string path) {
  for (int depth = 0; depth < 5; ++depth) {
    const std::string interpreter = interpreter_of(File(path).text(0, 256));
    if (interpreter.empty()) break;
    path = interpreter;
  }
  return path;
}

bool is_folder(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && S_ISDIR(file.st_mode);
}

std::vector<std::string> search_path() {
  const char* const variable = std::getenv("PATH");
  std::string_view left = variable != nullptr ? variable : "/bin:/usr/bin";  // execvp(3)
  std::vector<std::string> folders;
  for (;;) {
    const std::size_t colon = left.find(':');
    const std::string_view folder = left.substr(0, colon);
    folders.emplace_back(folder.empty() ? "." : folder);
    if (colon == std::string_view::npos) return folders;
    left.remove_prefix(colon + 1);
  }
}

}  // namespace

std::string find_executable(const std::string& program) {
  const bool is_path = program.find('/') != std::string::npos;
  std::vector<std::string> candidates;
  if (is_path) {
    candidates.push_back(program);
  } else if (!program.empty()) {
    for (const std::string& folder : search_path()) candidates.push_back(folder + "/" + program);
  }
  bool exists = false;
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), F_OK) != 0) {
      exists = exists || (is_path && errno == EACCES);  // it may be there, in a folder that one may not search
      continue;
    }
    if (!is_folder(candidate) && access(candidate.c_str(), X_OK) == 0) return candidate;
    exists = exists || is_path || !is_folder(candidate);
  }
  if (exists) throw Error(status_not_executable, "'" + program + "' is not executable");
  throw Error(status_not_found, "there is no program '" + program + "'");
}

Look look_at(const std::string& path, const std::string& model) {
  const std::string loaded = loaded_file(path);
  const std::string privilege = privileges(loaded);
  if (!privilege.empty()) return {Obstacle::privileged, loaded, privilege};

  const File file(loaded);
  if (!file.is_open()) return {Obstacle::none, loaded, "not readable, so what it is can't be told"};
  const auto machine = file.read<Machine>(0);
  if (!machine.is_elf()) return {Obstacle::none, loaded, ""};
  const auto own = File(model).read<Machine>(0);
  if (own.is_elf() && !machine.fits(own)) {
    return {Obstacle::other_machine, loaded, describe(machine) + ", and the library is " + describe(own)};
  }
  const Contents contents = machine.bits() == 64 ? contents_of<Elf64>(file) : contents_of<Elf32>(file);
  if (contents.is_go) return {Obstacle::go, loaded, "a Go program"};
  if (!contents.names_loader && !is_loader(loaded)) return {Obstacle::statically_linked, loaded, "statically linked"};
  return {Obstacle::none, loaded, ""};
}

}  // namespace keepalive::command

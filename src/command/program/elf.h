/// @file
/// What an ELF file tells: the machine that it is for, how it is linked, which functions it takes from libraries.
#pragma once

#include <elf.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keepalive::command {

/// The start of an ELF header, which is the same for both word sizes. It decides which libraries fit a program.
struct Machine {
  std::array<unsigned char, EI_NIDENT> identity{};
  std::uint16_t type = 0;
  std::uint16_t number = 0;  ///< EM_...

  [[nodiscard]] int bits() const { return identity[EI_CLASS] == ELFCLASS64 ? 64 : 32; }
  [[nodiscard]] bool fits(const Machine& other) const {
    return identity[EI_CLASS] == other.identity[EI_CLASS] && identity[EI_DATA] == other.identity[EI_DATA] &&
           number == other.number;
  }
};

/// The machine that this command is built for, and the preload library with it.
Machine own_machine();

/// `64-bit x86 code`
std::string describe(const Machine& machine);

/// What a program or library does, as far as its dynamic symbols tell.
struct Symbols {
  bool calls_sockets = false;    ///< takes a call from libc that the preload library interposes
  bool opens_libraries = false;  ///< takes dlopen(3) or dlsym(3) from libc, so it may reach any function by them
  bool starts_programs = true;   ///< takes a function from libc that can start a program, or takes none at all
  bool has_address_sanitizer = false;
};

struct Elf {
  Machine machine;
  bool names_loader = false;    ///< has PT_INTERP: a dynamically linked program
  std::string loader;           ///< what PT_INTERP names
  bool is_go = false;           ///< makes its system calls itself, also if it is linked dynamically
  bool is_free_pascal = false;  ///< makes its system calls itself too
  Symbols symbols;
  std::vector<std::string> needed;  ///< names of libraries (DT_NEEDED)
  std::vector<std::string>
      folders;  ///< where those are first searched for (DT_RUNPATH, else DT_RPATH); may hold $ORIGIN
};

/// Reads headers, notes and the dynamic section. If the code has the other byte order, fills in the machine alone. None
/// if the file cannot be read or is not ELF.
std::optional<Elf> read_elf(const std::string& path);

/// Whether the file begins as ELF files do.
bool is_elf(const std::string& path);

}  // namespace keepalive::command

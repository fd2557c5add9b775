/// @file
/// The dynamic section of an ELF file: the libraries that it needs and its dynamic symbols. It is found by the program
/// headers, as the loader does, because a file need not have section headers.
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "command/program/elf.h"
#include "command/program/file.h"

namespace keepalive::command {

struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Section = Elf64_Shdr;
  using Dynamic = Elf64_Dyn;
  using Symbol = Elf64_Sym;
  using Address = Elf64_Addr;
};

struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Section = Elf32_Shdr;
  using Dynamic = Elf32_Dyn;
  using Symbol = Elf32_Sym;
  using Address = Elf32_Addr;
};

template <class Format>
class DynamicSection {
 public:
  DynamicSection(const File& file, const std::vector<typename Format::Segment>& segments)
      : file_(file), segments_(segments) {}

  /// Fills in `symbols`, `needed` and `folders`. They stay empty if there is no such section.
  void read(Elf& elf);

 private:
  using Symbol = typename Format::Symbol;

  /// The hash table in which the loader looks up the symbols that this file defines.
  struct GnuHash {
    std::uint32_t first_hashed = 0;  ///< imported symbols stand before this one in the symbol table
    std::uint64_t chains = 0;        ///< offset in the file
    std::vector<std::uint32_t> buckets;
  };

  [[nodiscard]] std::uint64_t offset_of(std::uint64_t address) const;
  [[nodiscard]] std::string name_at(std::uint64_t offset) const;
  void read_entries(Elf& elf);
  [[nodiscard]] GnuHash read_gnu_hash() const;
  [[nodiscard]] bool defines(const std::string& name, const GnuHash& table) const;
  [[nodiscard]] std::uint64_t import_count(const GnuHash& table) const;
  void read_symbols(Symbols& symbols) const;

  const File& file_;
  const std::vector<typename Format::Segment>& segments_;
  // Offsets in the file. 0: the file has no such table, because the ELF header is at 0.
  std::uint64_t symbols_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t gnu_hash_ = 0;
};

extern template class DynamicSection<Elf64>;
extern template class DynamicSection<Elf32>;

}  // namespace keepalive::command

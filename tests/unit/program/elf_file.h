/// @file
/// ELF files made for a test: enough for a reader of headers, notes and section names.
#pragma once

#include <elf.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

namespace support {

/// What stands in an ELF file made for a test.
struct Parts {
  std::uint16_t machine = EM_X86_64;
  bool names_loader = true;
  std::string notes = "";
  std::string section = "";  ///< the name of one
};

template <class Record>
std::string bytes(const Record& record) {
  std::string text(sizeof record, '\0');
  std::memcpy(text.data(), &record, sizeof record);
  return text;
}

// A file of which only the headers are read.
template <class Header, class Segment, class Section>
std::string elf(unsigned char word_size, const Parts& parts) {
  const std::string names = std::string("\0.shstrtab\0", 11) + parts.section + std::string(1, '\0');
  constexpr std::size_t segments = 2;
  constexpr std::size_t notes_at = sizeof(Header) + segments * sizeof(Segment);
  const std::size_t names_at = notes_at + parts.notes.size();
  Header header{};
  std::memcpy(&header, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = word_size;
  header.e_ident[EI_DATA] = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  header.e_machine = parts.machine;
  header.e_type = ET_DYN;
  header.e_phoff = sizeof header;
  header.e_phnum = segments;
  header.e_phentsize = sizeof(Segment);
  Segment loader{};
  loader.p_type = parts.names_loader ? PT_INTERP : PT_LOAD;
  Segment notes{};
  notes.p_type = PT_NOTE;
  notes.p_offset = notes_at;
  notes.p_filesz = static_cast<decltype(notes.p_filesz)>(parts.notes.size());
  std::string file = bytes(header) + bytes(loader) + bytes(notes) + parts.notes;
  if (parts.section.empty()) return file;

  header.e_shoff = static_cast<decltype(header.e_shoff)>(names_at + names.size());
  header.e_shnum = 2;
  header.e_shstrndx = 0;
  header.e_shentsize = sizeof(Section);
  Section name_table{};
  name_table.sh_name = 1;
  name_table.sh_offset = static_cast<decltype(name_table.sh_offset)>(names_at);
  name_table.sh_size = static_cast<decltype(name_table.sh_size)>(names.size());
  Section named{};
  named.sh_name = 11;
  return bytes(header) + file.substr(sizeof header) + names + bytes(name_table) + bytes(named);
}

inline std::string elf64(const Parts& parts) { return elf<Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr>(ELFCLASS64, parts); }
inline std::string elf32(const Parts& parts) { return elf<Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr>(ELFCLASS32, parts); }

inline std::string note(const std::string& name, const std::string& description) {
  Elf64_Nhdr header{};
  header.n_namesz = static_cast<Elf64_Word>(name.size());
  header.n_descsz = static_cast<Elf64_Word>(description.size());
  const auto padded = [](std::string text) {
    text.resize((text.size() + 3) & ~std::size_t{3});
    return text;
  };
  return bytes(header) + padded(name) + padded(description);
}

inline const std::string gnu_note = note(std::string("GNU\0", 4), "seven b");
inline const std::string go_note = note(std::string("Go\0\0", 4), "a build id");

}  // namespace support

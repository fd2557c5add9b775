#include "command/program/elf.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "command/program/dynamic_section.h"
#include "command/program/file.h"

// Defined by the linker: this command's own ELF header, in memory.
extern "C" const ElfW(Ehdr) __ehdr_start [[gnu::visibility("hidden")]];  // NOLINT(bugprone-reserved-identifier)

namespace keepalive::command {
namespace {

constexpr unsigned char own_byte_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

// Whether one of the notes is that of the Go toolchain: its name is "Go" and two zeros (cmd/internal/buildid there).
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

// Some Go programs and all Free Pascal programs have no such note. The name of a section tells what they are; strip(1)
// keeps it.
template <class Format>
void read_sections(const File& file, const typename Format::Header& header, Elf& elf) {
  using Section = typename Format::Section;
  const auto section = [&](std::uint64_t index) {
    return file.read<Section>(header.e_shoff + index * sizeof(Section));
  };
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Section)) return;
  const Section names_section = section(header.e_shstrndx);
  const std::string names = file.text(names_section.sh_offset, names_section.sh_size);
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const std::uint64_t at = section(i).sh_name;
    if (at >= names.size()) continue;
    const std::string_view name = names.c_str() + at;
    if (name == ".go.buildinfo") elf.is_go = true;
    if (name == ".fpcdata" || name == "fpc.resources") elf.is_free_pascal = true;
  }
}

constexpr std::uint64_t longest_path = 4096;  // PATH_MAX

template <class Format>
void read_contents(const File& file, Elf& elf) {
  using Segment = typename Format::Segment;
  const auto header = file.read<typename Format::Header>(0);
  if (header.e_phentsize != sizeof(Segment)) return;
  std::vector<Segment> segments;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    segments.push_back(file.read<Segment>(header.e_phoff + i * sizeof(Segment)));
    const Segment& segment = segments.back();
    if (segment.p_type == PT_INTERP) {
      elf.names_loader = true;
      elf.loader = file.text(segment.p_offset, std::min<std::uint64_t>(segment.p_filesz, longest_path)).c_str();
    }
    if (segment.p_type == PT_NOTE && has_go_note(file.text(segment.p_offset, segment.p_filesz))) elf.is_go = true;
  }
  if (!elf.is_go) read_sections<Format>(file, header, elf);
  DynamicSection<Format>(file, segments).read(elf);
}

}  // namespace

Machine own_machine() {
  Machine machine;
  std::copy(std::begin(__ehdr_start.e_ident), std::end(__ehdr_start.e_ident), machine.identity.begin());
  machine.type = __ehdr_start.e_type;
  machine.number = __ehdr_start.e_machine;
  return machine;
}

std::string describe(const Machine& machine) {
  const std::string bits = std::to_string(machine.bits()) + "-bit";
  if (machine.identity[EI_DATA] != own_byte_order) return bits + " code of the other byte order";
  switch (machine.number) {
    case EM_X86_64:
      return machine.bits() == 64 ? "64-bit x86 code" : "x32 code";
    case EM_386:
      return "32-bit x86 code";
    case EM_AARCH64:
      return "64-bit ARM code";
    case EM_ARM:
      return "32-bit ARM code";
    default:
      return bits + " code for ELF machine " + std::to_string(machine.number);
  }
}

std::optional<Elf> read_elf(const std::string& path) {
  const File file(path);
  Elf elf;
  elf.machine = file.read<Machine>(0);
  if (std::memcmp(elf.machine.identity.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (elf.machine.identity[EI_DATA] != own_byte_order) return elf;
  if (elf.machine.bits() == 64) {
    read_contents<Elf64>(file, elf);
  } else {
    read_contents<Elf32>(file, elf);
  }
  return elf;
}

bool is_elf(const std::string& path) { return File(path).text(0, SELFMAG) == ELFMAG; }

}  // namespace keepalive::command

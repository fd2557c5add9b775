#include "command/program/dynamic_section.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace keepalive::command {
namespace {

constexpr std::array<std::string_view, 5> interposed{"socket", "accept", "accept4", "connect", "listen"};

// By syscall(2) too.
bool can_start_programs(std::string_view function) {
  constexpr std::array<std::string_view, 7> others{"fexecve", "popen",  "posix_spawn", "posix_spawnp",
                                                   "syscall", "system", "wordexp"};
  return function.substr(0, 4) == "exec" || std::find(others.begin(), others.end(), function) != others.end();
}

template <class Number>
std::vector<Number> numbers_in(const std::string& bytes) {
  std::vector<Number> numbers(bytes.size() / sizeof(Number));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(Number));
  return numbers;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    if (end != 0 && !text.empty()) parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool names_address_sanitizer(std::string_view library) {
  return library.find("libasan.so") != std::string_view::npos ||
         library.find("libclang_rt.asan") != std::string_view::npos;
}

}  // namespace

template <class Format>
std::uint64_t DynamicSection<Format>::offset_of(std::uint64_t address) const {
  for (const auto& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    const std::uint64_t inside = address - segment.p_vaddr;
    if (inside < segment.p_filesz) return segment.p_offset + inside;
  }
  return 0;
}

template <class Format>
std::string DynamicSection<Format>::name_at(std::uint64_t offset) const {
  constexpr std::uint64_t longest = 4096;  // enough for a DT_RUNPATH, and for all function names that are asked for
  std::string name = file_.text(names_ + offset, offset == 0 ? 0 : longest);
  name.resize(std::min(name.find('\0'), name.size()));
  return name;
}

template <class Format>
void DynamicSection<Format>::read_entries(Elf& elf) {
  using Entry = typename Format::Dynamic;
  std::vector<Entry> entries;
  for (const auto& segment : segments_) {
    if (segment.p_type == PT_DYNAMIC) entries = numbers_in<Entry>(file_.text(segment.p_offset, segment.p_filesz));
  }
  entries.erase(std::find_if(entries.begin(), entries.end(), [](const Entry& entry) { return entry.d_tag == DT_NULL; }),
                entries.end());
  for (const Entry& entry : entries) {
    if (entry.d_tag == DT_STRTAB) names_ = offset_of(entry.d_un.d_ptr);
    if (entry.d_tag == DT_SYMTAB) symbols_ = offset_of(entry.d_un.d_ptr);
    if (entry.d_tag == DT_HASH) hash_ = offset_of(entry.d_un.d_ptr);
    if (entry.d_tag == DT_GNU_HASH) gnu_hash_ = offset_of(entry.d_un.d_ptr);
  }
  std::vector<std::string> rpath;
  for (const Entry& entry : entries) {
    if (entry.d_tag == DT_NEEDED) elf.needed.push_back(name_at(entry.d_un.d_val));
    if (entry.d_tag == DT_RUNPATH) elf.folders = split(name_at(entry.d_un.d_val), ':');
    if (entry.d_tag == DT_RPATH) rpath = split(name_at(entry.d_un.d_val), ':');
  }
  if (elf.folders.empty()) elf.folders = rpath;
}

// In the order of the section: four numbers, a Bloom filter, the buckets, the chains.
template <class Format>
auto DynamicSection<Format>::read_gnu_hash() const -> GnuHash {
  GnuHash table;
  if (gnu_hash_ == 0) return table;
  const auto [bucket_count, first_hashed, filter_words, filter_shift] =
      file_.read<std::array<std::uint32_t, 4>>(gnu_hash_);
  const std::uint64_t filter = gnu_hash_ + 4 * sizeof(std::uint32_t);
  const std::uint64_t buckets = filter + std::uint64_t{filter_words} * sizeof(typename Format::Address);
  table.first_hashed = first_hashed;
  table.chains = buckets + std::uint64_t{bucket_count} * sizeof(std::uint32_t);
  table.buckets = numbers_in<std::uint32_t>(file_.text(buckets, table.chains - buckets));
  return table;
}

template <class Format>
bool DynamicSection<Format>::defines(const std::string& name, const GnuHash& table) const {
  std::uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  if (table.buckets.empty()) return false;
  const std::uint64_t first = table.buckets[hash % table.buckets.size()];
  constexpr std::uint64_t longest_chain = 4096;
  for (std::uint64_t i = first; i >= table.first_hashed && i < first + longest_chain; ++i) {
    const auto chain = file_.read<std::uint32_t>(table.chains + (i - table.first_hashed) * sizeof(std::uint32_t));
    if ((chain | 1) == (hash | 1) && name_at(file_.read<Symbol>(symbols_ + i * sizeof(Symbol)).st_name) == name) {
      return true;
    }
    if ((chain & 1) != 0) break;
  }
  return false;
}

// How many symbols to look at for imported ones. The GNU hash table tells it by its first hashed symbol, but not if it
// is empty, as GNU ld writes it. Then the old hash table tells the number of all symbols. If there is none: the names
// follow the symbols, so their distance tells it.
template <class Format>
std::uint64_t DynamicSection<Format>::import_count(const GnuHash& table) const {
  const bool is_empty = std::all_of(table.buckets.begin(), table.buckets.end(), [](auto first) { return first == 0; });
  if (!is_empty) return table.first_hashed;
  if (hash_ != 0) return file_.read<std::array<std::uint32_t, 2>>(hash_)[1];
  return names_ > symbols_ ? (names_ - symbols_) / sizeof(Symbol) : 0;
}

template <class Format>
void DynamicSection<Format>::read_symbols(Symbols& symbols) const {
  if (symbols_ == 0 || names_ == 0) return;
  const GnuHash table = read_gnu_hash();
  symbols.has_address_sanitizer = defines("__asan_init", table);
  bool has_imports = false;
  bool starts_programs = false;
  for (const Symbol& symbol : numbers_in<Symbol>(file_.text(symbols_, import_count(table) * sizeof(Symbol)))) {
    if (symbol.st_name == 0) continue;
    const std::string name = name_at(symbol.st_name);
    if (name == "__asan_init") symbols.has_address_sanitizer = true;
    if (symbol.st_shndx != SHN_UNDEF) continue;
    has_imports = true;
    starts_programs = starts_programs || can_start_programs(name);
    if (name == "dlopen" || name == "dlsym") symbols.opens_libraries = true;
    if (std::find(interposed.begin(), interposed.end(), name) != interposed.end()) symbols.calls_sockets = true;
  }
  symbols.starts_programs = starts_programs || !has_imports;
}

template <class Format>
void DynamicSection<Format>::read(Elf& elf) {
  read_entries(elf);
  read_symbols(elf.symbols);
  for (const std::string& library : elf.needed) {
    if (names_address_sanitizer(library)) elf.symbols.has_address_sanitizer = true;
  }
}

template class DynamicSection<Elf64>;
template class DynamicSection<Elf32>;

}  // namespace keepalive::command

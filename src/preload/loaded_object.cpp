#include "preload/loaded_object.h"

namespace keepalive::preload {
namespace {

constexpr ElfW(Half) hidden_version = 0x8000;  // not the default: for programs linked with this version only

template <class Type>
Type* pointer_to(ElfW(Addr) address) {
  return reinterpret_cast<Type*>(address);  // NOLINT(performance-no-int-to-ptr): the tables hold numbers
}

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

std::uint32_t gnu_hash_of(const char* name) {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

std::uint32_t hash_of(const char* name) {
  std::uint32_t hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4) + static_cast<unsigned char>(*name);
    hash = (hash ^ ((hash >> 24) & 0xf0)) & 0x0fff'ffff;
  }
  return hash;
}

}  // namespace

// Segments come in the order of their addresses.
LoadedObject::LoadedObject(const dl_phdr_info& info) : info_(info) {
  const ElfW(Phdr)* first = nullptr;
  const ElfW(Phdr)* last = nullptr;
  for (const ElfW(Phdr)* segment = info.dlpi_phdr; segment != info.dlpi_phdr + info.dlpi_phnum; ++segment) {
    if (segment->p_type != PT_LOAD) continue;
    if (first == nullptr) first = segment;
    last = segment;
  }
  if (first == nullptr) return;
  begin_ = info.dlpi_addr + first->p_vaddr;
  size_ = last->p_vaddr + last->p_memsz - first->p_vaddr;
}

// Some loaders replace the addresses in the dynamic section by absolute ones, some do not.
template <class Type>
const Type* LoadedObject::at(ElfW(Addr) address) const {
  return pointer_to<const Type>(address < info_.dlpi_addr ? info_.dlpi_addr + address : address);
}

void LoadedObject::read_dynamic_section() {
  const ElfW(Phdr)* segment = info_.dlpi_phdr;
  const ElfW(Phdr)* const end = segment + info_.dlpi_phnum;
  while (segment != end && segment->p_type != PT_DYNAMIC) ++segment;
  if (segment == end) return;
  const auto* entry = pointer_to<const ElfW(Dyn)>(info_.dlpi_addr + segment->p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry) {
    const ElfW(Addr) address = entry->d_un.d_ptr;
    switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols_ = at<ElfW(Sym)>(address);
        break;
      case DT_STRTAB:
        strings_ = at<char>(address);
        break;
      case DT_VERSYM:
        versions_ = at<ElfW(Half)>(address);
        break;
      case DT_GNU_HASH:
        gnu_hash_ = at<std::uint32_t>(address);
        break;
#if !defined(__alpha__) && !defined(__s390x__)  // there DT_HASH has 64-bit entries
      case DT_HASH:
        hash_ = at<std::uint32_t>(address);
        break;
#endif
      default:
        break;
    }
  }
}

void* LoadedObject::function_at(std::uint32_t index, const char* name) const {
  const ElfW(Sym)& symbol = symbols_[index];
  if (ELF32_ST_TYPE(symbol.st_info) != STT_FUNC || ELF32_ST_BIND(symbol.st_info) == STB_LOCAL) return nullptr;
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) return nullptr;
  if (versions_ != nullptr && (versions_[index] & hidden_version) != 0) return nullptr;
  if (!equal(strings_ + symbol.st_name, name)) return nullptr;
  return pointer_to<void>(info_.dlpi_addr + symbol.st_value);
}

// The table: four numbers, a Bloom filter, the first symbol of each bucket, and for each symbol its hash, whose lowest
// bit ends the bucket.
void* LoadedObject::find_by_gnu_hash(const char* name) const {
  constexpr std::uint32_t word_bits = 8 * sizeof(ElfW(Addr));
  const std::uint32_t bucket_count = gnu_hash_[0];
  const std::uint32_t first_symbol = gnu_hash_[1];
  const std::uint32_t filter_words = gnu_hash_[2];
  const std::uint32_t filter_shift = gnu_hash_[3];
  if (bucket_count == 0 || filter_words == 0) return nullptr;
  const auto* const filter = reinterpret_cast<const ElfW(Addr)*>(gnu_hash_ + 4);
  const auto* const buckets = reinterpret_cast<const std::uint32_t*>(filter + filter_words);
  const std::uint32_t* const hashes = buckets + bucket_count;

  const std::uint32_t hash = gnu_hash_of(name);
  const ElfW(Addr) word = filter[hash / word_bits % filter_words];
  if ((word >> (hash % word_bits) & word >> ((hash >> filter_shift) % word_bits) & 1) == 0) return nullptr;
  for (std::uint32_t index = buckets[hash % bucket_count]; index >= first_symbol; ++index) {
    const std::uint32_t candidate = hashes[index - first_symbol];
    if ((candidate | 1) == (hash | 1)) {
      if (void* const function = function_at(index, name); function != nullptr) return function;
    }
    if ((candidate & 1) != 0) break;
  }
  return nullptr;
}

// The table: the number of buckets and of symbols, the first symbol of each bucket, and for each symbol the next one.
void* LoadedObject::find_by_hash(const char* name) const {
  const std::uint32_t bucket_count = hash_[0];
  if (bucket_count == 0) return nullptr;
  const std::uint32_t* const buckets = hash_ + 2;
  const std::uint32_t* const following = buckets + bucket_count;
  for (std::uint32_t index = buckets[hash_of(name) % bucket_count]; index != 0; index = following[index]) {
    if (void* const function = function_at(index, name); function != nullptr) return function;
  }
  return nullptr;
}

void* LoadedObject::find_function(const char* name) {
  if (symbols_ == nullptr) read_dynamic_section();
  if (symbols_ == nullptr || strings_ == nullptr) return nullptr;
  if (gnu_hash_ != nullptr) return find_by_gnu_hash(name);
  return hash_ != nullptr ? find_by_hash(name) : nullptr;
}

}  // namespace keepalive::preload

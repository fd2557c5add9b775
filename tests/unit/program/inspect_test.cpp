#include "command/program/inspect.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <bit>
#include <cstring>

#include "support/error_of.h"
#include "support/other_user.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace keepalive::command {

// For the messages of GoogleTest.
void PrintTo(Obstacle obstacle, std::ostream* out);
void PrintTo(Obstacle obstacle, std::ostream* out) {
  constexpr const char* names[]{"none", "statically_linked", "go", "privileged", "other_machine"};
  *out << names[static_cast<std::size_t>(obstacle)];
}

namespace {

using namespace support;

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

// Enough of a file for whoever only looks at its headers.
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

std::string elf64(const Parts& parts) { return elf<Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr>(ELFCLASS64, parts); }
std::string elf32(const Parts& parts) { return elf<Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr>(ELFCLASS32, parts); }

std::string note(const std::string& name, const std::string& description) {
  Elf64_Nhdr header{};
  header.n_namesz = static_cast<Elf64_Word>(name.size());
  header.n_descsz = static_cast<Elf64_Word>(description.size());
  const auto padded = [](std::string text) {
    text.resize((text.size() + 3) & ~std::size_t{3});
    return text;
  };
  return bytes(header) + padded(name) + padded(description);
}

const std::string gnu_note = note(std::string("GNU\0", 4), "seven b");
const std::string go_note = note(std::string("Go\0\0", 4), "a build id");

/// Files and a library of 64-bit x86 code, on any machine.
class ExecutableTest : public testing::Test {
 protected:
  [[nodiscard]] Look look(const std::string& path) const { return look_at(path, x86_library_); }
  [[nodiscard]] Look look_at_content(const std::string& content) const {
    return look(folder_.file("program", content));
  }
  [[nodiscard]] std::string error_for(const std::string& program) const {
    return error_of([&] { find_executable(program); });
  }

  TemporaryFolder folder_;
  std::string x86_library_ = folder_.file("library", elf64({}), 0644);
};

// --- what is in the file ---

TEST_F(ExecutableTest, ADynamicProgramHasNoObstacle) {
  const Look look = look_at_content(elf64({.notes = gnu_note}));
  EXPECT_EQ(look.obstacle, Obstacle::none);
  EXPECT_EQ(look.file, folder_ / "program");
}

TEST_F(ExecutableTest, AProgramThatNamesNoLoaderIsStaticallyLinked) {
  const Look look = look_at_content(elf64({.names_loader = false, .notes = gnu_note}));
  EXPECT_EQ(look.obstacle, Obstacle::statically_linked);
  EXPECT_EQ(look.detail, "statically linked");
}

TEST_F(ExecutableTest, GoIsToldByItsNoteOrItsSection) {
  for (const bool dynamic : {false, true}) {
    const std::string either[]{
        elf64({.names_loader = dynamic, .notes = go_note}),
        elf64({.names_loader = dynamic, .notes = gnu_note + go_note}),
        elf64({.names_loader = dynamic, .section = ".go.buildinfo"}),
    };
    for (const std::string& content : either) {
      const Look look = look_at_content(content);
      EXPECT_EQ(look.obstacle, Obstacle::go);
      EXPECT_EQ(look.detail, "a Go program");
    }
  }
  EXPECT_EQ(look_at_content(elf64({.notes = note(std::string("Gopher\0", 7), "x")})).obstacle, Obstacle::none);
  EXPECT_EQ(look_at_content(elf64({.section = ".go.buildinfo.not"})).obstacle, Obstacle::none);
}

TEST_F(ExecutableTest, OtherMachinesAreNamed) {
  struct Case {
    std::string content;
    const char* code;
  };
  std::string other_byte_order = elf64({});
  other_byte_order[EI_DATA] = other_byte_order[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
  for (const Case& one :
       {Case{elf32({.machine = EM_386}), "32-bit x86 code"}, Case{elf32({.machine = EM_X86_64}), "x32 code"},
        Case{elf64({.machine = EM_AARCH64}), "64-bit ARM code"}, Case{elf32({.machine = EM_ARM}), "32-bit ARM code"},
        Case{elf64({.machine = EM_RISCV}), "64-bit code for ELF machine 243"},
        Case{elf32({.machine = EM_386, .names_loader = false}), "32-bit x86 code"},
        Case{other_byte_order, "64-bit code of the other byte order"}}) {
    const Look look = look_at_content(one.content);
    EXPECT_EQ(look.obstacle, Obstacle::other_machine) << one.code;
    EXPECT_EQ(look.detail, std::string(one.code) + ", and the library is 64-bit x86 code");
  }
}

TEST_F(ExecutableTest, A32BitLibraryFits32BitProgramsOnly) {
  const std::string library32 = folder_.file("library32", elf32({.machine = EM_386}));
  const auto obstacle = [&](const std::string& content) {
    return look_at(folder_.file("program", content), library32).obstacle;
  };
  EXPECT_EQ(obstacle(elf32({.machine = EM_386})), Obstacle::none);
  EXPECT_EQ(obstacle(elf32({.machine = EM_386, .names_loader = false})), Obstacle::statically_linked);
  EXPECT_EQ(obstacle(elf32({.machine = EM_386, .notes = gnu_note + go_note})), Obstacle::go);
  EXPECT_EQ(obstacle(elf32({.machine = EM_386, .section = ".go.buildinfo"})), Obstacle::go);
  EXPECT_EQ(obstacle(elf64({})), Obstacle::other_machine);
}

// The kernel will say what is wrong with these; looking at them must end, and well.
TEST_F(ExecutableTest, NonsenseIsLeftToTheKernel) {
  for (const std::string& content :
       {std::string(), std::string("\x7f"), std::string("text\n"), std::string(5000, '\0')}) {
    EXPECT_EQ(look_at_content(content).obstacle, Obstacle::none);
  }
  EXPECT_EQ(look(folder_ / "missing").obstacle, Obstacle::none);
  EXPECT_EQ(look(folder_.path()).obstacle, Obstacle::none);
}

TEST_F(ExecutableTest, CutFilesAndNumbersOutOfAllBoundsAreLookedAtToTheEnd) {
  const auto expect_end = [&](const std::string& content) {
    EXPECT_EQ(look_at_content(content).file, folder_ / "program");
  };
  const std::string whole = elf64({.notes = gnu_note + go_note, .section = ".go.buildinfo"});
  for (std::size_t size = 0; size < whole.size(); ++size) expect_end(whole.substr(0, size));
  for (std::size_t at = EI_CLASS; at < whole.size(); ++at) {
    std::string patched = whole;
    patched[at] = '\xff';
    expect_end(patched);
    patched.replace(at, std::min<std::size_t>(8, patched.size() - at), 8, '\xff');
    expect_end(patched);
  }
}

TEST_F(ExecutableTest, TheLoaderItselfIsNoStaticProgram) {
  for (const char* name : {"ld-linux-x86-64.so.2", "ld-musl-x86_64.so.1", "ld.so"}) {
    EXPECT_EQ(look(folder_.file(name, elf64({.names_loader = false}))).obstacle, Obstacle::none) << name;
  }
  EXPECT_EQ(look(folder_.file("build.so", elf64({.names_loader = false}))).obstacle, Obstacle::statically_linked);
}

// --- scripts ---

TEST_F(ExecutableTest, ScriptsAreFollowedToTheirInterpreter) {
  const std::string dynamic = folder_.file("dynamic", elf64({}));
  const std::string fixed = folder_.file("static", elf64({.names_loader = false}));
  for (const std::string start : {"#!", "#! ", "#!\t "}) {
    for (const std::string end : {"\n", " -x\n", "\t-x", "", " \n", " argument with words\nline\n"}) {
      const Look none = look_at_content(start + dynamic + end);
      EXPECT_EQ(none.obstacle, Obstacle::none) << start << end;
      EXPECT_EQ(none.file, dynamic) << start << end;
      const Look look = look_at_content(start + fixed + end);
      EXPECT_EQ(look.obstacle, Obstacle::statically_linked) << start << end;
      EXPECT_EQ(look.file, fixed) << start << end;
    }
  }
}

TEST_F(ExecutableTest, ChainsOfScriptsAreFollowedAsFarAsTheKernelDoes) {
  std::string last = folder_.file("static", elf64({.names_loader = false}));
  for (const char* name : {"1", "2", "3", "4"}) {
    last = folder_.file(name, "#!" + last + "\n");
    EXPECT_EQ(look(last).obstacle, Obstacle::statically_linked) << name;
  }
}

TEST_F(ExecutableTest, ScriptsThatLeadNowhereAreLeftToTheKernel) {
  EXPECT_EQ(look(folder_.file("loop", "#!" + folder_ / "loop" + "\n")).obstacle, Obstacle::none);
  for (const char* content : {"#!", "#!\n", "#! \n", "#!/nonexistent/interpreter\n", "#!relative\n", "# !/bin/sh\n"}) {
    EXPECT_EQ(look_at_content(content).obstacle, Obstacle::none) << content;
  }
  EXPECT_EQ(look_at_content("#!" + std::string(5000, '/')).obstacle, Obstacle::none);
}

// --- rights ---

class PrivilegeTest : public ExecutableTest {
 protected:
  void SetUp() override { REQUIRE_ROOT(); }

  /// A dynamic program with this owner and mode.
  [[nodiscard]] std::string program(unsigned owner, int mode, const std::string& content = elf64({})) const {
    std::string path = folder_.file("program", content);
    EXPECT_EQ(chown(path.c_str(), owner, owner), 0);
    EXPECT_EQ(chmod(path.c_str(), static_cast<mode_t>(mode)), 0);  // after chown, which clears these bits
    return path;
  }

  /// What is special about it for an ordinary user.
  [[nodiscard]] std::string for_nobody(const std::string& path) const {
    return as_nobody([&] {
      const Look found = look(path);
      return found.obstacle == Obstacle::privileged ? found.detail : "none";
    });
  }
};

TEST_F(PrivilegeTest, SetuidAndSetgidOfAnotherUserCount) {
  EXPECT_EQ(for_nobody(program(0, 04755)), "setuid");
  EXPECT_EQ(for_nobody(program(0, 02755)), "setgid");
  EXPECT_EQ(for_nobody(program(0, 06755)), "setuid");
  EXPECT_EQ(look(program(nobody, 04755)).obstacle, Obstacle::privileged);  // root becomes nobody
  EXPECT_EQ(look(program(nobody, 02755)).obstacle, Obstacle::privileged);
}

TEST_F(PrivilegeTest, WhereNothingIsGainedTheyDoNot) {
  EXPECT_EQ(for_nobody(program(0, 0755)), "none");
  EXPECT_EQ(for_nobody(program(nobody, 06755)), "none");
  EXPECT_EQ(for_nobody(program(0, 02745)), "none");  // without the group's x it means something else
  EXPECT_EQ(look(program(0, 06755)).obstacle, Obstacle::none);
}

TEST_F(PrivilegeTest, FileCapabilitiesCountForOrdinaryUsers) {
  const std::string path = program(0, 0755);
  vfs_cap_data capability{};
  capability.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  capability.data[0].permitted = 1U << CAP_NET_RAW;
  REQUIRE_OR_SKIP(setxattr(path.c_str(), "security.capability", &capability, sizeof capability, 0) == 0,
                  "this needs a file system that keeps file capabilities");
  EXPECT_EQ(for_nobody(path), "given file capabilities");
  EXPECT_EQ(look(path).obstacle, Obstacle::none);
}

TEST_F(PrivilegeTest, AScriptsOwnBitsDoNotCountButItsInterpretersDo) {
  EXPECT_EQ(for_nobody(program(0, 06755, "#!" + folder_.file("interpreter", elf64({})) + "\n")), "none");
  const std::string interpreter = program(0, 04755);
  EXPECT_EQ(for_nobody(folder_.file("script", "#!" + interpreter + "\n")), "setuid");
}

TEST_F(PrivilegeTest, AFileThatCanNotBeReadHasOnlyItsMode) {
  EXPECT_EQ(for_nobody(program(0, 0711, elf64({.names_loader = false}))), "none");
  EXPECT_EQ(for_nobody(program(0, 04711)), "setuid");
}

// --- real programs, and the real library ---

Look look_at_real(const std::string& program) { return look_at(find_program(program), support::library); }

TEST(RealExecutable, DynamicPrograms) {
  for (const char* name : {"true", "sh", "perl", "python3"}) {
    EXPECT_EQ(look_at_real(name).obstacle, Obstacle::none) << name;
  }
  EXPECT_EQ(look_at(support::programs + "/sockets-no-pie", support::library).obstacle, Obstacle::none);
}

TEST(RealExecutable, AScriptOfTheSystem) {
  REQUIRE_PROGRAM("torsocks");
  const Look look = look_at_real("torsocks");
  EXPECT_EQ(look.obstacle, Obstacle::none);
  EXPECT_NE(look.file, find_program("torsocks"));
}

TEST(RealExecutable, AStaticProgram) {
  REQUIRE_PROGRAM("busybox");
  EXPECT_EQ(look_at_real("busybox").obstacle, Obstacle::statically_linked);
}

TEST(RealExecutable, AStaticProgramAtAnyAddress) {
  REQUIRE_PROGRAM("g++");
  const TemporaryFolder folder;
  const std::string source = folder.file("main.cpp", "int main() {}\n");
  const Outcome built = run({{"g++", "-static-pie", "-o", folder / "program", source}, {}});
  ASSERT_EQ(built.status, 0) << built.err;
  EXPECT_EQ(look_at(folder / "program", support::library).obstacle, Obstacle::statically_linked);
}

TEST(RealExecutable, AGoProgramThatIsLinkedDynamically) {
  REQUIRE_PROGRAM("gron");
  EXPECT_EQ(look_at_real("gron").obstacle, Obstacle::go);
}

#ifdef KEEPALIVE_GO
TEST(RealExecutable, AGoProgramAsTheCompilerMakesIt) {
  const TemporaryFolder folder;
  const std::string source = folder.file("main.go", "package main\nfunc main() {}\n");
  for (const std::string flags : {"", "-s -w"}) {
    const Outcome built = run({{KEEPALIVE_GO, "build", "-ldflags", flags, "-o", folder / "program", source},
                               {{"CGO_ENABLED", "0"},
                                {"GO111MODULE", "off"},
                                {"GOCACHE", folder / "cache"},
                                {"GOFLAGS", "-mod=mod"},
                                {"GOPATH", folder / "path"}}});
    ASSERT_EQ(built.status, 0) << built.err;
    EXPECT_EQ(look_at(folder / "program", support::library).obstacle, Obstacle::go) << flags;
  }
}
#endif

TEST(RealExecutable, ThisProcessesLoader) {
  const Outcome interpreter = run({{"readelf", "-lW", find_program("true")}, {}});
  const std::string before = "program interpreter: ";
  const std::size_t at = interpreter.out.find(before);
  ASSERT_NE(at, std::string::npos) << interpreter.err;
  const std::size_t begin = at + before.size();
  const std::string loader = interpreter.out.substr(begin, interpreter.out.find(']', begin) - begin);
  EXPECT_EQ(look_at(loader, support::library).obstacle, Obstacle::none) << loader;
}

// --- finding it ---

/// PATH for as long as this lives; not set where it is null.
class SearchPath {
 public:
  explicit SearchPath(const char* value) {
    const char* const before = std::getenv("PATH");
    if (before != nullptr) before_ = before;
    if (value != nullptr) {
      setenv("PATH", value, 1);
    } else {
      unsetenv("PATH");
    }
  }
  SearchPath(const SearchPath&) = delete;
  SearchPath& operator=(const SearchPath&) = delete;
  ~SearchPath() { setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

using FindTest = ExecutableTest;

TEST_F(FindTest, ANameIsSearchedForInTheOrderOfThePath) {
  const TemporaryFolder second;
  const std::string path = "/nonexistent:" + folder_.path() + ":" + second.path();
  const SearchPath set(path.c_str());
  const std::string both = folder_.file("both", "");
  const std::string also = second.file("both", "");
  const std::string only = second.file("only", "");
  EXPECT_EQ(find_executable("both"), both);
  EXPECT_EQ(find_executable("only"), only);
}

TEST_F(FindTest, WhatCanNotBeExecutedIsPassedOver) {
  const TemporaryFolder second;
  const std::string path = folder_.path() + ":" + second.path();
  const SearchPath set(path.c_str());
  const std::string data = folder_.file("program", "", 0644);
  std::filesystem::create_directory(folder_ / "folder");
  const std::string program = second.file("program", "");
  const std::string folder = second.file("folder", "");
  EXPECT_EQ(find_executable("program"), program);
  EXPECT_EQ(find_executable("folder"), folder);
}

TEST_F(FindTest, APathIsTakenAsItIs) {
  const SearchPath set(folder_.path().c_str());
  const std::string program = folder_.file("program", "");
  EXPECT_EQ(find_executable(program), program);
  EXPECT_EQ(find_executable("/bin/sh"), "/bin/sh");
  EXPECT_EQ(error_for("./program"), "127: there is no program './program'");
}

TEST_F(FindTest, AnEmptyElementIsTheWorkingFolder) {
  const std::string before = std::filesystem::current_path();
  const std::string program = folder_.file("program", "");
  std::filesystem::current_path(folder_.path());
  for (const char* path : {"", ":/nonexistent", "/nonexistent:", "/nonexistent::/nonexistent"}) {
    const SearchPath set(path);
    EXPECT_EQ(find_executable("program"), "./program") << path;
  }
  std::filesystem::current_path(before);
}

TEST_F(FindTest, WithoutAPathItIsTheSystems) {
  const SearchPath set(nullptr);
  EXPECT_EQ(find_executable("sh"), "/bin/sh");
}

TEST_F(FindTest, WhatIsNotThereIsAnErrorOfItsOwn) {
  const SearchPath set(folder_.path().c_str());
  EXPECT_EQ(error_for("program"), "127: there is no program 'program'");
  EXPECT_EQ(error_for(""), "127: there is no program ''");
  const std::string missing = folder_ / "missing/program";
  EXPECT_EQ(error_for(missing), "127: there is no program '" + missing + "'");
  std::filesystem::create_directory(folder_ / "folder");
  EXPECT_EQ(error_for("folder"), "127: there is no program 'folder'");
}

TEST_F(FindTest, WhatIsThereButCanNotBeExecutedIsAnother) {
  const SearchPath set(folder_.path().c_str());
  const std::string data = folder_.file("data", "", 0644);
  EXPECT_EQ(error_for("data"), "126: 'data' is not executable");
  EXPECT_EQ(error_for(data), "126: '" + data + "' is not executable");
  EXPECT_EQ(error_for(folder_.path()), "126: '" + folder_.path() + "' is not executable");
}

TEST_F(FindTest, InAFolderThatOneMayNotSearchItMayWellBe) {
  REQUIRE_ROOT();
  const std::string program = folder_.file("program", "");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0700));
  EXPECT_EQ(as_nobody([&] { return error_for(program); }), "126: '" + program + "' is not executable");
}

}  // namespace
}  // namespace keepalive::command

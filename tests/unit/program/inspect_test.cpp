#include "command/program/inspect.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "elf_file.h"
#include "kinds.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;

/// Files for 64-bit x86 code, looked at as a command for it would, on any machine.
class InspectTest : public testing::Test {
 protected:
  [[nodiscard]] Inspection inspect_file(const std::string& path) const { return inspect_command(path, x86_); }
  [[nodiscard]] Inspection inspect_content(const std::string& content) const {
    return inspect_file(folder_.file("program", content));
  }
  [[nodiscard]] Machine machine_of(const std::string& content) const {
    return read_elf(folder_.file("model", content))->machine;
  }

  TemporaryFolder folder_;
  Machine x86_ = machine_of(elf64({}));
};

TEST_F(InspectTest, ADynamicProgramThatImportsNothingIsALauncher) {
  const Inspection found = inspect_content(elf64({.notes = gnu_note}));
  EXPECT_EQ(found.kind, Kind::launcher);
  EXPECT_EQ(found.detail, "a program that makes no TCP sockets itself");
  EXPECT_EQ(found.file, folder_ / "program");
  EXPECT_FALSE(found.starts_none) << "what starts a program may just not have been found";
}

TEST_F(InspectTest, AProgramThatNamesNoLoaderIsStaticallyLinked) {
  const Inspection found = inspect_content(elf64({.names_loader = false, .notes = gnu_note}));
  EXPECT_EQ(found.kind, Kind::statically_linked);
  EXPECT_EQ(found.detail, "statically linked");
}

TEST_F(InspectTest, GoIsToldByItsNoteOrItsSection) {
  for (const bool dynamic : {false, true}) {
    const std::string either[]{
        elf64({.names_loader = dynamic, .notes = go_note}),
        elf64({.names_loader = dynamic, .notes = gnu_note + go_note}),
        elf64({.names_loader = dynamic, .section = ".go.buildinfo"}),
    };
    for (const std::string& content : either) {
      const Inspection found = inspect_content(content);
      EXPECT_EQ(found.kind, Kind::go);
      EXPECT_EQ(found.detail, "a Go program");
    }
  }
  EXPECT_EQ(inspect_content(elf64({.notes = note(std::string("Gopher\0", 7), "x")})).kind, Kind::launcher);
  EXPECT_EQ(inspect_content(elf64({.section = ".go.buildinfo.not"})).kind, Kind::launcher);
}

TEST_F(InspectTest, FreePascalIsToldByItsSections) {
  for (const char* section : {".fpcdata", "fpc.resources"}) {
    const Inspection found = inspect_content(elf64({.section = section}));
    EXPECT_EQ(found.kind, Kind::free_pascal) << section;
    EXPECT_EQ(found.detail, "a Free Pascal program");
    EXPECT_EQ(inspect_content(elf64({.names_loader = false, .section = section})).kind, Kind::statically_linked);
  }
}

TEST_F(InspectTest, OtherMachinesAreNamed) {
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
    const Inspection found = inspect_content(one.content);
    EXPECT_EQ(found.kind, Kind::other_machine) << one.code;
    EXPECT_EQ(found.detail, std::string(one.code) + ", and the library is 64-bit x86 code");
    EXPECT_EQ(found.makes_socketcalls, std::string(one.code) == "32-bit x86 code");
  }
}

TEST_F(InspectTest, A32BitCommandFits32BitProgramsOnly) {
  const Machine machine32 = machine_of(elf32({.machine = EM_386}));
  const auto kind = [&](const std::string& content) {
    return inspect_command(folder_.file("program", content), machine32).kind;
  };
  EXPECT_EQ(kind(elf32({.machine = EM_386})), Kind::launcher);
  EXPECT_EQ(kind(elf32({.machine = EM_386, .names_loader = false})), Kind::statically_linked);
  EXPECT_EQ(kind(elf32({.machine = EM_386, .notes = gnu_note + go_note})), Kind::go);
  EXPECT_EQ(kind(elf32({.machine = EM_386, .section = ".go.buildinfo"})), Kind::go);
  EXPECT_EQ(kind(elf64({})), Kind::other_machine);
}

// The kernel reports what is wrong with these files. The inspection only must not fail or hang.
TEST_F(InspectTest, NonsenseIsLeftToTheKernel) {
  EXPECT_EQ(inspect_content("").kind, Kind::unknown);
  EXPECT_EQ(inspect_file(folder_ / "missing").kind, Kind::unknown);
  EXPECT_EQ(inspect_file(folder_.path()).kind, Kind::unknown);
  for (const std::string& content : {std::string("\x7f"), std::string("text\n"), std::string(5000, '\0')}) {
    const Inspection found = inspect_command(folder_.file("program", content));  // execvp(3) gives it to the shell
    EXPECT_EQ(found.kind, Kind::launcher);
    EXPECT_EQ(found.file, "/bin/sh");
  }
}

TEST_F(InspectTest, CutFilesAndNumbersOutOfAllBoundsAreLookedAtToTheEnd) {
  const auto expect_end = [&](const std::string& content) { EXPECT_NE(inspect_content(content).file, ""); };
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

TEST_F(InspectTest, ARealProgramWithNumbersOutOfAllBoundsIsLookedAtToTheEnd) {
  std::ostringstream original;
  original << std::ifstream(support::programs + "/sockets", std::ios::binary).rdbuf();
  const std::string path = folder_.file("program", original.str());
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const std::size_t size = original.str().size();
  ASSERT_GT(size, 1000U);
  for (std::size_t at = EI_NIDENT; at + 8 <= size; at += 8) {
    const std::string before = original.str().substr(at, 8);
    for (const char byte : {'\xff', '\x01'}) {
      file.seekp(static_cast<std::streamoff>(at));
      file << std::string(8, byte) << std::flush;
      EXPECT_NE(inspect_command(path).file, "");
    }
    file.seekp(static_cast<std::streamoff>(at));
    file << before << std::flush;
  }
  EXPECT_EQ(inspect_command(path).kind, Kind::makes_sockets);
}

TEST_F(InspectTest, TheLoaderItselfIsNoStaticProgram) {
  for (const char* name : {"ld-linux-x86-64.so.2", "ld-musl-x86_64.so.1", "ld.so"}) {
    EXPECT_EQ(inspect_file(folder_.file(name, elf64({.names_loader = false}))).kind, Kind::makes_sockets) << name;
  }
  EXPECT_EQ(inspect_file(folder_.file("build.so", elf64({.names_loader = false}))).kind, Kind::statically_linked);
}

}  // namespace
}  // namespace keepalive::command

/// @file
/// The script for /etc/ld.so.preload, in private roots: what it refuses, what it writes, and the way back.
#include <gmock/gmock.h>

#include "examples.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;

// Runs a shell script in a private root, with the libraries in /tested and the script for the file as `$script`.
Outcome run_in_root(const std::string& commands) {
  std::string files = examples::folder + "ld-so-preload " + library + " " + check;
  for (const char* name : {"undefined-symbol", "fails-from-file", "needed", "needs-another", "spare"}) {
    files += " " + programs + "/lib" + name + ".so";
  }
  return run({{examples::tests + "harmless/private-root", "", "bash", "-c",
               "script=/tested/ld-so-preload library=/tested/libkeepalive.so file=/etc/ld.so.preload\n" + commands},
              {{"FILES", files}}});
}

// The library takes the system's values, which are the kernel's in a new network namespace.
const std::string values =
    "they send the first probe after 7200 s of silence; to change that: sysctl net.ipv4.tcp_keepalive_time=120\n";

class LdSoPreload : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("unshare");
  }
};

TEST_F(LdSoPreload, AddedCheckedAndRemoved) {
  const Outcome outcome = run_in_root(R"(
    $script add $library && /tested/keepalive-check | head -1 && stat -c %a $file && $script check
    $script add $library; cat $file
    $script remove $library; echo "status $?"; ls $file*; $script check; /tested/keepalive-check)");
  EXPECT_EQ(
      outcome.out,
      "/tested/libkeepalive.so is in /etc/ld.so.preload; programs that start from now on have it\n" + values +
          "SO_KEEPALIVE is ON\n644\nloads        /tested/libkeepalive.so\n"
          "/tested/libkeepalive.so is in /etc/ld.so.preload already\n/tested/libkeepalive.so\n"
          "/tested/libkeepalive.so is out of /etc/ld.so.preload; programs that run have it until they are restarted\n"
          "status 0\nno library is in /etc/ld.so.preload\nSO_KEEPALIVE is OFF\n");
}

TEST_F(LdSoPreload, WhatElseIsInTheFileStays) {
  const Outcome outcome = run_in_root(R"(
    mv /tested/libneeded.so /tested/other.so; mv /tested/libspare.so /tested/third.so
    printf '\n/tested/other.so:/tested/third.so # two' > $file
    $script add $library; cat $file; echo ---
    $script remove /tested/third.so; $script remove $library; cat $file; echo ---
    umask 077; $script remove /tested/other.so; cat $file; stat -c %a $file)");
  EXPECT_THAT(outcome.out, HasSubstr("have it\n" + values +
                                     "\n/tested/other.so:/tested/third.so # two\n/tested/libkeepalive.so\n---\n"));
  EXPECT_THAT(outcome.out, HasSubstr("restarted\n\n/tested/other.so # two\n---\n"));
  EXPECT_THAT(outcome.out, HasSubstr("restarted\n\n# two\n644\n"));
}

// glibc does not understand a second comment: it looks for a library named `two`.
TEST_F(LdSoPreload, TwoCommentsAreOneTooMany) {
  const Outcome outcome = run_in_root(R"(
    printf '# one\n' > $file; $script add $library > /dev/null; $script check; $script remove $library > /dev/null
    printf '# one\n/tested/libkeepalive.so\n# two\n' > $file; $script check 2> /dev/null; echo "status $?")");
  EXPECT_THAT(outcome.out,
              testing::StartsWith("loads        /tested/libkeepalive.so\nloads        /tested/libkeepalive.so\n"
                                  "programs print: ERROR: ld.so: object"));
  EXPECT_THAT(outcome.out, HasSubstr("only one comment in this file"));
  EXPECT_THAT(outcome.out, testing::EndsWith("status 1\n"));
}

TEST_F(LdSoPreload, TheFolderOfTheWordSize) {
  const Outcome outcome = run_in_root(R"(
    libc=$(ldconfig -p | sed -n 's|.*libc\.so\.6 .*64.*=> /*||p' | head -1)
    mkdir -p "/tested/${libc%/*}" && cp $library "/tested/${libc%/*}/"
    $script add '/tested/$LIB/libkeepalive.so' && cat $file && /tested/keepalive-check | head -1
    found="/tested/${libc%/*}/libkeepalive.so"; $script check; $script add "$found"; $script remove "$found"
    echo '/tested/$LIB/missing.so' > $file; $script remove "/tested/${libc%/*}/missing.so"; ls $file*
    $script add '/tested/$LIB/missing.so')");
  EXPECT_THAT(outcome.out, HasSubstr("have it\n" + values +
                                     "/tested/$LIB/libkeepalive.so\nSO_KEEPALIVE is ON\n"
                                     "loads        /tested/$LIB/libkeepalive.so\n"
                                     "/tested/$LIB/libkeepalive.so is in /etc/ld.so.preload already\n"));
  EXPECT_THAT(outcome.out, testing::EndsWith("missing.so is out of /etc/ld.so.preload; programs that run have it until "
                                             "they are restarted\n"));
  EXPECT_THAT(outcome.out, HasSubstr("/libkeepalive.so is out of /etc/ld.so.preload;"));
  EXPECT_THAT(outcome.err, HasSubstr("missing.so', which is what '/tested/$LIB/missing.so' stands for"));
}

TEST_F(LdSoPreload, WhenProgramsFailWithItTheOldTextIsBack) {
  const Outcome outcome = run_in_root(R"(
    printf '# mine\n' > $file
    $script add /tested/libfails-from-file.so; echo "status $?"; cat $file
    rm $file; $script add /tested/libfails-from-file.so; ls $file*)");
  EXPECT_EQ(outcome.out, "status 1\n# mine\n");
  EXPECT_THAT(outcome.err, HasSubstr("the line was in /etc/ld.so.preload and is out again: with it the program "
                                     "'/usr/bin/true' fails: it ended with status 3"));
}

TEST_F(LdSoPreload, TheCheckNamesWhatDoesNotLoad) {
  const Outcome outcome = run_in_root(R"(
    mv /tested/libneeded.so /tested/writable.so; chmod 666 /tested/writable.so
    echo "$library /tested/missing.so:/tested/writable.so" > $file
    $script check 2> /dev/null; echo "status $?")");
  EXPECT_EQ(
      outcome.out,
      "loads        /tested/libkeepalive.so\n"
      "not loaded   /tested/missing.so: there is no file '/tested/missing.so'\n"
      "loads, but   /tested/writable.so: '/tested/writable.so' can be written by others than root (mode 666), who "
      "could then run anything as root\nstatus 1\n");
}

TEST_F(LdSoPreload, AWrongLineThatIsThereAlreadyComesFirst) {
  const Outcome outcome = run_in_root(R"(
    echo /tested/missing.so > $file
    $script add $library; cat $file; $script remove /tested/missing.so; $script add $library)");
  EXPECT_THAT(outcome.err, HasSubstr("programs here print errors or fail as it is"));
  EXPECT_THAT(outcome.out, testing::StartsWith("/tested/missing.so\n/tested/missing.so is out of"));
  EXPECT_THAT(outcome.out, HasSubstr("/tested/libkeepalive.so is in /etc/ld.so.preload; "));
}

TEST_F(LdSoPreload, OnlyRootMayWriteAndEverybodyMayCheck) {
  const Outcome outcome = run_in_root(R"(
    as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    $as_nobody $script add $library; $as_nobody $script check; echo "status $?")");
  EXPECT_THAT(outcome.err, HasSubstr("needs root"));
  EXPECT_EQ(outcome.out, "no library is in /etc/ld.so.preload\nstatus 0\n");
}

TEST_F(LdSoPreload, Usage) {
  const std::string script = examples::folder + "ld-so-preload";
  EXPECT_EQ(run({{script}, {}}).status, 2);
  EXPECT_EQ(run({{script, "add"}, {}}).status, 2);
  EXPECT_EQ(run({{script, "remove", "/a", "/b"}, {}}).status, 2);
  EXPECT_THAT(run({{script, "--help"}, {}}).out, HasSubstr("ld-so-preload check"));
  EXPECT_EQ(run({{script, "--help"}, {}}).status, 0);
}

struct Refusal {
  const char* name;
  const char* before;  ///< shell commands
  const char* path;
  const char* reason;  ///< part of the message
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class LdSoPreloadRefuses : public LdSoPreload, public testing::WithParamInterface<Refusal> {};

const Refusal refusals[]{
    {"ARelativePath", "", "libkeepalive.so", "'libkeepalive.so' is not an absolute path"},
    {"ABlank", "", "/tested/a b.so", "has a blank or colon in it"},
    {"AColon", "", "/tested/a:b.so", "has a blank or colon in it"},
    {"ANewline", "", "/tested/a\nb.so", "has a blank or colon in it"},
    {"AComment", "", "/tested/a#b.so", "has a # in it"},
    {"AnEmptyPath", "", "", "the path is empty"},
    {"AnotherWordOfTheLoader", "", "/tested/$ORIGIN/libkeepalive.so", "only $LIB has a place here"},
    {"AMissingFile", "", "/tested/missing.so", "there is no file '/tested/missing.so'"},
    {"AMissingFileForLackOfQuotes", "", "/tested//missing.so", "; in single quotes the shell leaves $LIB as it is"},
    {"ADanglingLink", "ln -s missing.so /tested/link.so", "/tested/link.so", "there is no file"},
    {"AFolder", "", "/tested", "'/tested' is not a file"},
    {"AScript", "", "/tested/ld-so-preload", "is not a library"},
    {"AnEmptyFile", ": > /tested/empty.so", "/tested/empty.so", "is not a library"},
    {"HalfALibrary", "head -c 4000 $library > /tested/half.so", "/tested/half.so", "would not load"},
    {"AnotherMachine", "printf '\\363' | dd of=$library bs=1 seek=18 conv=notrunc status=none",
     "/tested/libkeepalive.so", "is built for another machine or word size"},
    {"AProgram", "", "/tested/keepalive-check", "would not load"},
    {"AMissingSymbol", "", "/tested/libundefined-symbol.so", "undefined symbol: nobody_has_this"},
    {"AMissingLibraryThatItNeeds", "", "/tested/libneeds-another.so", "needs libneeded.so, which is missing"},
    {"MoreThanLibc", "echo /tested > /etc/ld.so.conf.d/tested.conf; ldconfig -i 2> /dev/null",
     "/tested/libneeds-another.so", "needs libneeded.so; a library for every program may need libc only"},
    {"AFileThatOthersCannotRead", "chmod 640 $library", "/tested/libkeepalive.so", "other users' programs cannot read"},
    {"AFolderThatOthersCannotPass", "mkdir -m 700 /tested/a; cp $library /tested/a/", "/tested/a/libkeepalive.so",
     "other users' programs cannot pass the folder '/tested/a' (mode 700)"},
    {"AFileOfAnotherUser", "chown 65534 $library", "/tested/libkeepalive.so", "belongs to the user"},
    {"AFolderThatOthersMayWrite", "cp $library /tmp/", "/tmp/libkeepalive.so", "'/tmp' can be written by others"},
    {"WhatALinkLeadsTo", "cp $library /tmp/; ln -s /tmp/libkeepalive.so /tested/link.so", "/tested/link.so",
     "'/tmp' can be written by others"},
    {"AnotherFileSystem", "mkdir /mounted; mount -t tmpfs -o mode=755 none /mounted; cp $library /mounted/",
     "/mounted/libkeepalive.so", "is on the file system that is mounted at '/mounted'"},
    {"ASymbolicLinkInPlaceOfTheFile", "ln -s /tested/elsewhere $file", "/tested/libkeepalive.so", "is a symbolic link"},
};

INSTANTIATE_TEST_SUITE_P(Lines, LdSoPreloadRefuses, testing::ValuesIn(refusals),
                         [](const auto& row) { return row.param.name; });

TEST_P(LdSoPreloadRefuses, AndChangesNothing) {
  const Refusal& refusal = GetParam();
  const Outcome outcome = run_in_root(std::string(refusal.before) + "\n$script add '" + refusal.path +
                                      "'; echo \"status $?\"; find /etc -name 'ld.so.preload*' -type f");
  EXPECT_THAT(outcome.err, HasSubstr(refusal.reason));
  EXPECT_EQ(outcome.out, "status 1\n");
}

}  // namespace

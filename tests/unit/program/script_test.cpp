#include "command/program/script.h"

#include <gmock/gmock.h>

#include "elf_file.h"
#include "kinds.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;

class ScriptTest : public testing::Test {
 protected:
  [[nodiscard]] LoadedFile follow(const std::string& content, const Arguments& more = {}) const {
    const std::string path = folder_.file("script", content);
    Arguments command{"script"};
    command.insert(command.end(), more.begin(), more.end());
    return follow_scripts(path, command);
  }

  TemporaryFolder folder_;
  std::string dynamic_ = folder_.file("dynamic", elf64({}));
  std::string static_ = folder_.file("static", elf64({.names_loader = false}));
};

TEST_F(ScriptTest, AProgramIsItself) {
  const LoadedFile loaded = follow_scripts(dynamic_, {"dynamic"});
  EXPECT_EQ(loaded.path, dynamic_);
  EXPECT_FALSE(loaded.is_script);
  EXPECT_EQ(loaded.environment_dropped_by, "");
}

TEST_F(ScriptTest, AScriptIsItsInterpreter) {
  for (const std::string start : {"#!", "#! ", "#!\t "}) {
    for (const std::string end : {"\n", " -x\n", "\t-x", "", " \n", " argument with words\nline\n"}) {
      const LoadedFile loaded = follow(start + static_ + end);
      EXPECT_EQ(loaded.path, static_) << start << end;
      EXPECT_TRUE(loaded.is_script) << start << end;
    }
  }
}

TEST_F(ScriptTest, ChainsAreFollowedAsFarAsTheKernelDoes) {
  std::string last = static_;
  for (const char* name : {"1", "2", "3", "4"}) {
    last = folder_.file(name, "#!" + last + "\n");
    EXPECT_EQ(follow_scripts(last, {name}).path, static_) << name;
  }
}

TEST_F(ScriptTest, TextIsForTheShell) {
  for (const char* content : {"#!", "#!\n", "#! \n", "# !/bin/cat\n", "echo\n"}) {
    EXPECT_EQ(follow(content).path, "/bin/sh") << content;
    EXPECT_TRUE(follow(content).is_script) << content;
  }
}

TEST_F(ScriptTest, WhatLeadsNowhereIsLeftToTheKernel) {
  const std::string loop = folder_.file("loop", "#!" + folder_ / "loop" + "\n");
  EXPECT_EQ(follow_scripts(loop, {"loop"}).path, loop);
  for (const std::string& interpreter : {std::string("/nonexistent/interpreter"), std::string("relative")}) {
    EXPECT_EQ(follow("#!" + interpreter + "\n").path, interpreter);
  }
  EXPECT_EQ(follow("#!" + std::string(5000, '/')).path, std::string(254, '/'));
}

TEST_F(ScriptTest, BehindEnvItIsTheProgramThatCounts) {
  const std::string env = find_program("env");
  for (const std::string& line : {env + " " + static_, env + " -S " + static_, env + " -S A=b " + static_ + " -x",
                                  env + " -vS " + static_, env + "  -S env -u A " + static_, env + " -S\t" + static_}) {
    const LoadedFile loaded = follow("#!" + line + "\n", {"argument"});
    EXPECT_EQ(loaded.path, static_) << line;
    EXPECT_TRUE(loaded.is_script) << line;
    EXPECT_EQ(loaded.environment_dropped_by, "") << line;
  }
  const LoadedFile dropped = follow("#!" + env + " -S -i " + static_ + "\n");
  EXPECT_EQ(dropped.path, static_);
  EXPECT_EQ(dropped.environment_dropped_by, "env");
}

TEST_F(ScriptTest, OnTheCommandLineToo) {
  const std::string env = find_program("env");
  EXPECT_EQ(follow_scripts(env, {"env", "A=b", static_}).path, static_);
  EXPECT_FALSE(follow_scripts(env, {"env", "A=b", static_}).is_script);
  EXPECT_EQ(follow_scripts(env, {"env", "-i", static_}).environment_dropped_by, "env");
  const std::string script = folder_.file("inner", "#!" + env + " " + static_ + "\n");
  EXPECT_EQ(follow_scripts(env, {"env", "A=b", script}).path, static_);
  EXPECT_TRUE(follow_scripts(env, {"env", "A=b", script}).is_script);
}

TEST_F(ScriptTest, EnvIsItselfIfItStartsNothingThatIsKnown) {
  const std::string env = find_program("env");
  for (const Arguments& arguments :
       std::vector<Arguments>{{"env"}, {"env", "A=b"}, {"env", "no-such-program"}, {"env", "--new", static_}}) {
    EXPECT_EQ(follow_scripts(env, arguments).path, env);
  }
  EXPECT_EQ(follow("#!" + env + " no-such-program\n").path, env);
}

// Named as the real one, so that it does not matter which programs this machine has.
TEST_F(ScriptTest, BehindASimpleLauncherTooAndALauncherThatDropsTheEnvironmentIsNamed) {
  const auto launcher = [&](const char* name) { return folder_.file(name, elf64({})); };
  const std::string timeout = launcher("timeout");
  const std::string sudo = launcher("sudo");
  EXPECT_EQ(follow_scripts(timeout, {timeout, "-k", "1", "60", static_}).path, static_);
  EXPECT_EQ(follow_scripts(timeout, {timeout, "60", "no-such-program"}).path, timeout);
  const LoadedFile loaded = follow_scripts(timeout, {timeout, "60", find_program("env"), "A=b", sudo, static_});
  EXPECT_EQ(loaded.path, sudo);
  EXPECT_EQ(loaded.environment_dropped_by, "sudo");
  const std::string script = folder_.file("pg_ctlcluster", "#!" + dynamic_ + "\n");
  EXPECT_EQ(follow_scripts(script, {script}).environment_dropped_by, "pg_ctlcluster");
}

TEST_F(ScriptTest, TheKindOfAScriptIsThatOfALauncherUnlessNoLibraryReachesIt) {
  const Machine x86 = read_elf(dynamic_)->machine;
  const auto found = [&](const std::string& content) { return inspect_command(folder_.file("script", content), x86); };
  EXPECT_EQ(found("#!" + dynamic_ + "\n").kind, Kind::launcher);
  EXPECT_EQ(found("#!" + dynamic_ + "\n").detail, "the interpreter of a script");
  EXPECT_EQ(found("#!" + static_ + "\n").kind, Kind::statically_linked);
  EXPECT_EQ(found("#!/nonexistent/interpreter\n").kind, Kind::unknown);
  // An interpreter that makes sockets itself, as perl is.
  EXPECT_EQ(inspect_command(folder_.file("script", "#!" + find_program("perl") + "\n")).kind, Kind::launcher);
  EXPECT_EQ(inspect(find_program("env"), {"env", "-i", "perl"}).kind, Kind::launcher);
  EXPECT_EQ(inspect(find_program("env"), {"env", "A=b", "perl"}).kind, Kind::makes_sockets);
}

}  // namespace
}  // namespace keepalive::command

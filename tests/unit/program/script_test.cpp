#include "command/program/script.h"

#include <gmock/gmock.h>

#include "elf_file.h"
#include "kinds.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;
using testing::ElementsAre;
using testing::IsEmpty;

// --- env(1) ---

EnvCommand env_of(Arguments arguments) {
  arguments.insert(arguments.begin(), "env");
  return parse_env(arguments);
}

TEST(Env, StartsItsFirstWordThatIsNoOptionAndNoVariable) {
  for (const Arguments& before : std::vector<Arguments>{{},
                                                        {"A=b"},
                                                        {"A=b", "C="},
                                                        {"--"},
                                                        {"--", "A=b"},
                                                        {"-v", "A=b"},
                                                        {"-u", "HOME"},
                                                        {"-uHOME"},
                                                        {"--unset", "HOME", "A=b"},
                                                        {"--unset=HOME"},
                                                        {"-a", "name"},
                                                        {"--argv0=name"},
                                                        {"--ignore-signal=PIPE"},
                                                        {"--default-signal", "--block-signal"},
                                                        {"-S", "A=b"},
                                                        {"-vSA=b"},
                                                        {"--split-string=-u HOME A='b c'"}}) {
    Arguments all = before;
    all.insert(all.end(), {"program", "-x", "D=e"});
    const EnvCommand env = env_of(all);
    EXPECT_THAT(env.program, ElementsAre("program", "-x", "D=e")) << testing::PrintToString(before);
    EXPECT_FALSE(env.drops_environment) << testing::PrintToString(before);
  }
}

TEST(Env, StartsTheWordsOfASplitString) {
  for (const char* text : {"program -x", " program  -x ", "'program' \"-x\"", "A=b program -x", "\tpro'gram'\t-x"}) {
    EXPECT_THAT(env_of({"-S", text}).program, ElementsAre("program", "-x")) << text;
    EXPECT_THAT(env_of({"-S" + std::string(text), "script"}).program, ElementsAre("program", "-x", "script")) << text;
  }
  EXPECT_THAT(env_of({"-S", "program ''"}).program, ElementsAre("program", ""));
}

TEST(Env, ThatKeepsLdPreloadBackIsTold) {
  for (const Arguments& before : std::vector<Arguments>{{"-i"},
                                                        {"-"},
                                                        {"--ignore-environment"},
                                                        {"-iv", "A=b"},
                                                        {"-u", "LD_PRELOAD"},
                                                        {"-uLD_PRELOAD"},
                                                        {"--unset=LD_PRELOAD"},
                                                        {"LD_PRELOAD=other.so"},
                                                        {"-S", "-i A=b"},
                                                        {"-i", "A=b", "LD_PRELOAD="}}) {
    Arguments all = before;
    all.emplace_back("program");
    const EnvCommand env = env_of(all);
    EXPECT_THAT(env.program, ElementsAre("program")) << testing::PrintToString(before);
    EXPECT_TRUE(env.drops_environment) << testing::PrintToString(before);
  }
}

TEST(Env, WithoutAProgramStartsNone) {
  EXPECT_THAT(env_of({}).program, IsEmpty());
  EXPECT_THAT(env_of({"A=b"}).program, IsEmpty());
  EXPECT_THAT(env_of({"-u"}).program, IsEmpty());
}

// Where its program would be searched for, or what its options mean, is not certain then.
TEST(Env, IsNotKnownWithOtherOptionsOrAnotherPath) {
  for (const Arguments& before : std::vector<Arguments>{{"-0"}, {"--new-option"}, {"PATH=/opt"}, {"-u", "PATH"}}) {
    Arguments all{"-i"};
    all.insert(all.end(), before.begin(), before.end());
    all.emplace_back("program");
    EXPECT_THAT(env_of(all).program, IsEmpty()) << testing::PrintToString(before);
    EXPECT_TRUE(env_of(all).drops_environment) << testing::PrintToString(before);
  }
  EXPECT_THAT(env_of({"PATH=/opt", "/bin/program"}).program, ElementsAre("/bin/program"));
}

TEST(Env, MayChangeTheFolderUnlessThePathIsRelative) {
  for (const Arguments& before :
       std::vector<Arguments>{{"-C", "/tmp"}, {"-C/tmp"}, {"--chdir=/tmp"}, {"--chdir", "/tmp"}}) {
    for (const std::string program : {"program", "/bin/program", "./program"}) {
      Arguments all = before;
      all.push_back(program);
      EXPECT_EQ(env_of(all).program, program[0] != '.' ? Arguments{program} : Arguments{});
    }
  }
}

// --- files ---

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

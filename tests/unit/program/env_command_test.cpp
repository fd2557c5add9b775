#include "command/program/env_command.h"

#include <gmock/gmock.h>

namespace keepalive::command {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

}  // namespace
}  // namespace keepalive::command

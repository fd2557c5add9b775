#include "command/cli/command_line.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace keepalive::command {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A subcommand with an option of each kind.
struct Parsed {
  Arguments operands;
  std::vector<std::string> seen;  ///< `flag` or `name=value`, in the order in which they were handed out
};

Parsed parsed(Arguments arguments, Operands operands = Operands::anywhere) {
  Parsed result;
  arguments.insert(arguments.begin(), "test");
  const std::vector<Flag> flags{
      {"flag", "", "a switch", [&](const auto& value) { result.seen.push_back("flag" + value); }},
      {"name", "TEXT", "a value with a help that is longer than what fits into one line of 80 columns",
       [&](const auto& value) { result.seen.push_back("name=" + value); }}};
  result.operands = parse(arguments, flags, operands);
  return result;
}

std::string error_for(const Arguments& arguments, Operands operands = Operands::anywhere) {
  return error_of([&] { parsed(arguments, operands); });
}

TEST(CommandLine, NothingIsNothing) {
  EXPECT_THAT(parsed({}).operands, IsEmpty());
  EXPECT_THAT(parsed({}).seen, IsEmpty());
}

TEST(CommandLine, AValueIsTheNextArgumentOrBehindAnEqualsSign) {
  EXPECT_THAT(parsed({"--name", "a"}).seen, ElementsAre("name=a"));
  EXPECT_THAT(parsed({"--name=a"}).seen, ElementsAre("name=a"));
  EXPECT_THAT(parsed({"--name=a=b"}).seen, ElementsAre("name=a=b"));
  EXPECT_THAT(parsed({"--name="}).seen, ElementsAre("name="));
  EXPECT_THAT(parsed({"--name", ""}).seen, ElementsAre("name="));
  EXPECT_THAT(parsed({"--name", "--flag"}).seen, ElementsAre("name=--flag"));
  EXPECT_THAT(parsed({"--name", "--"}).seen, ElementsAre("name=--"));
}

TEST(CommandLine, OptionsAreHandedOutInTheirOrderAsOftenAsTheyCome) {
  EXPECT_THAT(parsed({"--name", "a", "--flag", "--name=b"}).seen, ElementsAre("name=a", "flag", "name=b"));
}

TEST(CommandLine, OperandsMayStandAnywhere) {
  const Parsed result = parsed({"a", "--flag", "b", "--name", "x", "c"});
  EXPECT_THAT(result.operands, ElementsAre("a", "b", "c"));
  EXPECT_THAT(result.seen, ElementsAre("flag", "name=x"));
}

TEST(CommandLine, OrEndTheOptions) {
  const Parsed result = parsed({"--flag", "a", "--flag", "--unknown", "--help", "--", "b"}, Operands::end_flags);
  EXPECT_THAT(result.operands, ElementsAre("a", "--flag", "--unknown", "--help", "--", "b"));
  EXPECT_THAT(result.seen, ElementsAre("flag"));
}

TEST(CommandLine, TwoDashesEndTheOptionsOnce) {
  for (const Operands operands : {Operands::anywhere, Operands::end_flags}) {
    const Parsed result = parsed({"--flag", "--", "--flag", "--", "-x", "--help"}, operands);
    EXPECT_THAT(result.operands, ElementsAre("--flag", "--", "-x", "--help"));
    EXPECT_THAT(result.seen, ElementsAre("flag"));
  }
}

TEST(CommandLine, ADashAndNothingAreOperands) {
  EXPECT_THAT(parsed({"-", ""}).operands, ElementsAre("-", ""));
  EXPECT_THAT(parsed({"-", "--flag"}, Operands::end_flags).operands, ElementsAre("-", "--flag"));
  EXPECT_THAT(parsed({"", "--flag"}, Operands::end_flags).operands, ElementsAre("", "--flag"));
}

TEST(CommandLine, HelpIsKnownEverywhereBeforeTheOperandsEnd) {
  for (const char* help : {"--help", "-h"}) {
    EXPECT_THROW(parsed({help}), HelpAsked);
    EXPECT_THROW(parsed({"--flag", "a", help}), HelpAsked);
    EXPECT_THROW(parsed({"--flag", help}, Operands::end_flags), HelpAsked);
  }
}

TEST(CommandLine, AnOperandThatIsMeantForAFlagIsRecognised) {
  const std::vector<Flag> flags{{"off", "", "", {}}, {"idle", "TIME", "", {}}};
  EXPECT_EQ(suggest_flag("idle=2m", flags), "; did you mean --idle 2m?");
  EXPECT_EQ(suggest_flag("idle", flags), "; did you mean --idle TIME?");
  EXPECT_EQ(suggest_flag("off", flags), "; did you mean --off?");
  EXPECT_EQ(suggest_flag("nginx", flags), "");
  EXPECT_EQ(suggest_flag("", flags), "");
  EXPECT_EQ(suggest_flag("=2m", flags), "");
}

TEST(CommandLine, HelpHasALineForEachFlagInColumns) {
  try {
    parsed({"--help"});
    FAIL() << "no help";
  } catch (const HelpAsked& asked) {
    EXPECT_EQ(asked.flags,
              "  --flag       a switch\n"
              "  --name TEXT  a value with a help that is longer than what fits into one line\n"
              "               of 80 columns\n"
              "  --help\n");
  }
}

TEST(CommandLine, ErrorsNameTheOptionAndWhereToReadOn) {
  const std::string see = "; see keepalive test --help";
  EXPECT_EQ(error_for({"--unknown"}), "2: unknown option --unknown" + see);
  EXPECT_EQ(error_for({"--unknown=a"}), "2: unknown option --unknown" + see);
  EXPECT_EQ(error_for({"--nam", "a"}), "2: unknown option --nam" + see);  // no abbreviations
  EXPECT_EQ(error_for({"--names=a"}), "2: unknown option --names" + see);
  EXPECT_EQ(error_for({"--Name=a"}), "2: unknown option --Name" + see);
  EXPECT_EQ(error_for({"-name=a"}), "2: unknown option -name" + see);
  EXPECT_EQ(error_for({"-x"}), "2: unknown option -x" + see);
  EXPECT_EQ(error_for({"-1"}), "2: unknown option -1" + see);
  EXPECT_EQ(error_for({"--flag=1"}), "2: --flag takes no value" + see);
  EXPECT_EQ(error_for({"--flag="}), "2: --flag takes no value" + see);
  EXPECT_EQ(error_for({"--name"}), "2: --name needs a value" + see);
  EXPECT_EQ(error_for({"a", "--name"}), "2: --name needs a value" + see);
  EXPECT_EQ(error_for({"--unknown", "a"}, Operands::end_flags), "2: unknown option --unknown" + see);
}

// It may be a file that was expanded by mistake.
TEST(CommandLine, LongTextIsNotRepeatedInFull) {
  const std::string beginning(200, '7');
  const std::string text(3000, '7');
  EXPECT_EQ(error_for({"--" + text}), "2: unknown option --" + beginning.substr(2) + "...; see keepalive test --help");
  EXPECT_EQ(error_of([&] { parse_whole_number("port", text, 1, 65535); }),
            "2: --port '" + beginning + "...': not a whole number from 1 to 65535");
  for (const Option& option : options) {
    for (const std::string& wrong : {text, text + "x", "\033" + text}) {
      EXPECT_THAT(error_of([&] { parse_value(option, wrong); }),
                  testing::AllOf(testing::SizeIs(testing::Lt(800U)), testing::Not(testing::HasSubstr("\033"))));
    }
  }
  EXPECT_EQ(suggest_flag("name=" + text, {{"name", "TEXT", "", {}}}), "; did you mean --name " + beginning + "...?");
}

TEST(WholeNumber, HasADecimalFormWithinItsLimits) {
  EXPECT_EQ(parse_whole_number("port", "1", 1, 65535), 1);
  EXPECT_EQ(parse_whole_number("port", "65535", 1, 65535), 65535);
  EXPECT_EQ(parse_whole_number("fd", "0", 0, INT_MAX), 0);
  EXPECT_EQ(parse_whole_number("fd", "2147483647", 0, INT_MAX), INT_MAX);
  EXPECT_EQ(parse_whole_number("port", "080", 1, 65535), 80);
}

TEST(WholeNumber, AnythingElseIsAnErrorThatSaysWhatIsAllowed) {
  for (const char* text : {"", "0", "65536", "-1", "+1", " 1", "1 ", "1s", "http", "0x50", "1.5", "99999999999999"}) {
    EXPECT_EQ(error_of([&] { parse_whole_number("port", text, 1, 65535); }),
              "2: --port '" + std::string(text) + "': not a whole number from 1 to 65535");
  }
}

class ValueFlagTest : public testing::TestWithParam<Option> {};

INSTANTIATE_TEST_SUITE_P(CommandLine, ValueFlagTest, testing::ValuesIn(options),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(ValueFlagTest, IsFilledInByItsFlag) {
  Settings settings;
  const std::string text = std::to_string(GetParam().maximum) + GetParam().unit;
  EXPECT_THAT(parse({"test", std::string("--") + GetParam().word, text}, value_flags(settings), Operands::anywhere),
              IsEmpty());
  Settings expected;
  expected.values.at(option_index(GetParam().number)) = GetParam().maximum;
  EXPECT_EQ(settings.values, expected.values);
}

TEST(Value, TheErrorSaysWhatIsAllowed) {
  const auto error_for = [](int number, const char* text) {
    return error_of([&] { parse_value(options.at(option_index(number)), text); });
  };
  EXPECT_EQ(error_for(TCP_KEEPCNT, "x"), "2: --count 'x': not a whole number from 1 to 127");
  EXPECT_EQ(error_for(TCP_KEEPIDLE, "x"),
            "2: --idle 'x': not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h");
  EXPECT_EQ(error_for(TCP_KEEPINTVL, "10h"), "2: --interval '10h': too long, at most 32767 s (about 9 h)");
  EXPECT_EQ(
      error_for(TCP_USER_TIMEOUT, "x"),
      "2: --user-timeout 'x': not a time with a unit from 1 ms to 2147483647 ms, such as 500ms, 30s, 2m, or auto");
}

// Everywhere else a number alone means seconds.
TEST(Value, AUserTimeoutNeedsAUnit) {
  const Option& option = options.at(option_index(TCP_USER_TIMEOUT));
  EXPECT_EQ(error_of([&] { parse_value(option, "30"); }),
            "2: --user-timeout '30': needs a unit: 30s for seconds or 30ms for milliseconds");
  EXPECT_EQ(parse_value(option, "30s"), 30'000);
  EXPECT_EQ(parse_value(option, "30ms"), 30);
  EXPECT_EQ(parse_value(option, "auto"), automatic_value);
}

TEST(Value, TheLastOneGivenCounts) {
  Settings settings;
  parse({"test", "--idle", "5m", "--idle=90s"}, value_flags(settings), Operands::anywhere);
  EXPECT_EQ(settings.values.at(option_index(TCP_KEEPIDLE)), 90);
}

}  // namespace
}  // namespace keepalive::command

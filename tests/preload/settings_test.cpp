/// @file
/// Bad values: one clear line when the library loads, everything else applied, the program unharmed.
#include <gmock/gmock.h>

#include "support/preload.h"

namespace {

using namespace support;
using testing::HasSubstr;

struct BadValue {
  const char* variable;
  const char* value;
  const char* allowed;
};

class BadValueTest : public testing::TestWithParam<BadValue> {};

constexpr char seconds[] = "not a whole number from 1 to 32767; the system default stands";
constexpr char timeout[] = "not a whole number from 1 to 2147483647 and not auto; the system default stands";

INSTANTIATE_TEST_SUITE_P(
    Settings, BadValueTest,
    testing::Values(BadValue{"KEEPIDLE", "60s", seconds}, BadValue{"KEEPIDLE", " 60", seconds},
                    BadValue{"KEEPIDLE", "0", seconds}, BadValue{"KEEPIDLE", "-1", seconds},
                    BadValue{"KEEPIDLE", "40000", seconds}, BadValue{"KEEPIDLE", "4294967356", seconds},
                    BadValue{"KEEPIDLE", "0x3c", seconds}, BadValue{"KEEPINTVL", "60s", seconds},
                    BadValue{"KEEPCNT", "128", "not a whole number from 1 to 127; the system default stands"},
                    BadValue{"KEEPALIVE", "maybe", "not one of on, off, force; on stands"},
                    BadValue{"KEEPALIVE_USER_TIMEOUT", "soon", timeout},
                    BadValue{"KEEPALIVE_DEBUG", "2", "not 0 or 1; 0 stands"}));

TEST_P(BadValueTest, IsReportedInOneLineAndTheRestIsApplied) {
  const auto [variable, value, allowed] = GetParam();
  const Outcome bad = run_preloaded({check}, with(howto_values, {{variable, value}}));
  EXPECT_EQ(bad.err, std::string("libkeepalive: ") + variable + "=" + value + " ignored: " + allowed + "\n");
  EXPECT_EQ(bad.status, 0);

  Environment without = howto_values;
  without.erase(variable);
  EXPECT_EQ(bad.out, run_preloaded({check}, without).out);
}

TEST(Settings, SeveralBadValuesAreReportedInALineEach) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPIDLE", "x"}, {"KEEPINTVL", "y"}, {"KEEPCNT", "20"}});
  EXPECT_THAT(outcome.err, HasSubstr("libkeepalive: KEEPIDLE=x ignored: "));
  EXPECT_THAT(outcome.err, HasSubstr("\nlibkeepalive: KEEPINTVL=y ignored: "));
  EXPECT_THAT(outcome.out, HasSubstr("SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 20\n"));
}

TEST(Settings, AutoUsesTheSystemsValuesForThoseNotGiven) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPIDLE", "60"}, {"KEEPALIVE_USER_TIMEOUT", "auto"}});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("TCP_USER_TIMEOUT = 735000\n"));  // (60 + 75 x 9) s
}

// Descriptor 2 of a service that inetd starts is the connection to its client.
TEST(Settings, ABadValueIsNotSaidToTheOtherEndOfAConnection) {
  const Outcome outcome =
      run({{"/usr/bin/python3", "-c",
            "import socket, subprocess, sys\n"
            "listener = socket.create_server(('127.0.0.1', 0))\n"
            "client = socket.create_connection(listener.getsockname())\n"
            "service, _ = listener.accept()\n"
            "subprocess.run(['/bin/echo', 'ready'], stdin=service, stdout=service, stderr=service,\n"
            "               env={'LD_PRELOAD': sys.argv[1], 'KEEPIDLE': 'x', 'KEEPALIVE_DEBUG': '1'})\n"
            "service.close()\n"
            "print(client.recv(1000))\n",
            library},
           {}});
  EXPECT_EQ(outcome.out, "b'ready\\n'\n");
}

// Standard error at its size limit raises SIGXFSZ, which ends a program, as a pipe without reader raises SIGPIPE.
TEST(Settings, ABadValueCannotEndAProgramThroughItsStandardError) {
  const std::string script =
      "file=$(mktemp); head -c 5000 /dev/zero > $file; ulimit -f 1\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2>> $file; echo limit $?\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2>&-; echo closed $?\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2>/dev/full; echo full $?\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2> >(:); echo pipe $?\n"
      "rm $file\n";
  EXPECT_EQ(run({{"bash", "-c", script, "bash", library}, {}}).out, "limit 0\nclosed 0\nfull 0\npipe 0\n");
}

TEST(Settings, EmptyValuesCountAsNotSet) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPALIVE", ""},
                                                  {"KEEPIDLE", ""},
                                                  {"KEEPINTVL", ""},
                                                  {"KEEPCNT", "20"},
                                                  {"KEEPALIVE_USER_TIMEOUT", ""},
                                                  {"KEEPALIVE_DEBUG", ""}});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("TCP_KEEPCNT   = 20\n"));
}

TEST(Settings, AValueCannotWriteControlCharactersToATerminal) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPIDLE", "\033[2J\nfake: line"}});
  EXPECT_THAT(outcome.err, HasSubstr("libkeepalive: KEEPIDLE=?[2J?fake: line ignored: "));
}

}  // namespace

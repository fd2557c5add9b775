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

constexpr char seconds[] =
    "not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h; using the system default";
constexpr char too_long[] = "too long, at most 32767 s (about 9 h); using the system default";
constexpr char timeout[] =
    "not a whole number of milliseconds from 1 to 2147483647, or a time such as 500ms, 30s, 2m, or auto; using the "
    "system default";

INSTANTIATE_TEST_SUITE_P(
    Settings, BadValueTest,
    testing::Values(BadValue{"KEEPIDLE", "60x", seconds}, BadValue{"KEEPIDLE", "10h", too_long},
                    BadValue{"KEEPINTVL", "0", seconds},
                    BadValue{"KEEPCNT", "128", "not a whole number from 1 to 127; using the system default"},
                    BadValue{"KEEPALIVE", "maybe", "not one of on, off, force; using on"},
                    BadValue{"KEEPALIVE", "No", "not one of on, off, force (did you mean off?); using on"},
                    BadValue{"KEEPALIVE_USER_TIMEOUT", "soon", timeout},
                    BadValue{"KEEPALIVE_DEBUG", "2", "not 0 or 1; using 0"}));

TEST_P(BadValueTest, IsReportedInOneLineAndTheRestIsApplied) {
  const auto [variable, value, allowed] = GetParam();
  const Outcome bad = run_preloaded({check}, with(howto_values, {{variable, value}}));
  EXPECT_EQ(bad.err, std::string("libkeepalive: ") + variable + "=" + value + " ignored: " + allowed + "\n");
  EXPECT_EQ(bad.status, 0);

  Environment without = howto_values;
  without.erase(variable);
  EXPECT_EQ(bad.out, run_preloaded({check}, without).out);
}

TEST(SettingsAtLoad, TimesMayHaveAUnit) {
  const Outcome outcome =
      run_preloaded({check}, {{"KEEPIDLE", "2m"}, {"KEEPINTVL", "1min"}, {"KEEPALIVE_USER_TIMEOUT", "30s"}});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 9\nTCP_KEEPIDLE  = 120\nTCP_KEEPINTVL = 60\n"
            "TCP_USER_TIMEOUT = 30000\n");
}

// A variable of this name that another program reads (gunicorn, several container images).
TEST(SettingsAtLoad, ANumberInKeepaliveIsAnotherPrograms) {
  for (const char* number : {"65", "0"}) {
    const Outcome outcome = run_preloaded({check}, with(howto_values, {{"KEEPALIVE", number}}));
    EXPECT_EQ(outcome.out, run_preloaded({check}, howto_values).out);
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(run_preloaded({check}, {{"KEEPALIVE", number}, {"KEEPALIVE_DEBUG", "1"}}).err,
                testing::ContainsRegex(std::string("^libkeepalive.[0-9]+.: KEEPALIVE=") + number +
                                       " not used: a number belongs to another program\n"));
  }
}

TEST(SettingsAtLoad, SeveralBadValuesAreReportedInALineEach) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPIDLE", "x"}, {"KEEPINTVL", "y"}, {"KEEPCNT", "20"}});
  EXPECT_THAT(outcome.err, HasSubstr("libkeepalive: KEEPIDLE=x ignored: "));
  EXPECT_THAT(outcome.err, HasSubstr("\nlibkeepalive: KEEPINTVL=y ignored: "));
  EXPECT_THAT(outcome.out, HasSubstr("SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 20\n"));
}

TEST(SettingsAtLoad, AutoUsesTheSystemsValuesForThoseNotGiven) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPIDLE", "60"}, {"KEEPALIVE_USER_TIMEOUT", "auto"}});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("TCP_USER_TIMEOUT = 735000\n"));  // (60 + 75 x 9) s
}

// Descriptor 2 of a service that inetd starts is the connection to its client.
TEST(SettingsAtLoad, ABadValueIsNotSaidToTheOtherEndOfAConnection) {
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
TEST(SettingsAtLoad, ABadValueCannotEndAProgramThroughItsStandardError) {
  const std::string script =
      "file=$(mktemp); head -c 5000 /dev/zero > $file; ulimit -f 1\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2>> $file; echo limit $?\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2>&-; echo closed $?\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2>/dev/full; echo full $?\n"
      "LD_PRELOAD=$1 KEEPIDLE=x KEEPALIVE_DEBUG=1 /bin/true 2> >(:); echo pipe $?\n"
      "rm $file\n";
  EXPECT_EQ(run({{"bash", "-c", script, "bash", library}, {}}).out, "limit 0\nclosed 0\nfull 0\npipe 0\n");
}

TEST(SettingsAtLoad, AValueCannotWriteControlCharactersToATerminal) {
  const Outcome outcome = run_preloaded({check}, {{"KEEPIDLE", "\033[2J\nfake: line"}});
  EXPECT_THAT(outcome.err, HasSubstr("libkeepalive: KEEPIDLE=?[2J?fake: line ignored: "));
}

}  // namespace

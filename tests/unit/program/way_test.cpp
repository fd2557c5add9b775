#include "command/program/way.h"

#include <gmock/gmock.h>

#include "kinds.h"

namespace keepalive::command {
namespace {

using testing::HasSubstr;

constexpr std::array kinds{Kind::makes_sockets, Kind::launcher,      Kind::statically_linked, Kind::go,
                           Kind::free_pascal,   Kind::other_machine, Kind::address_sanitizer, Kind::unknown};

constexpr bool loads_library(Kind kind) {
  return kind == Kind::makes_sockets || kind == Kind::launcher || kind == Kind::unknown;
}

Situation situation_of(Kind kind, Wish wish = Wish::none) {
  Situation situation;
  situation.wish = wish;
  situation.command = "program";
  situation.program = {kind, "/bin/program", kind == Kind::makes_sockets ? "" : "special", "", true};
  return situation;
}

/// `library`, `supervisor`, `library and supervisor if possible` ..., or the refusal.
std::string text_of(const Way& way) {
  if (!way.refusal.empty()) return way.refusal;
  std::string text = way.library ? "library" : "";
  if (way.supervisor != Supervisor::none) text += (way.library ? " and " : "") + std::string("supervisor");
  return way.supervisor == Supervisor::if_possible ? text + " if possible" : text;
}

TEST(Way, IsChosenByTheKindOfProgram) {
  struct Row {
    Kind kind;
    const char* without_rights;
    const char* with_rights;  ///< if a filter takes no rights away
  };
  for (const Row& row : {
           Row{Kind::makes_sockets, "library", "library"},
           Row{Kind::launcher, "library", "library and supervisor if possible"},
           Row{Kind::statically_linked, "library and supervisor", "library and supervisor"},
           Row{Kind::go, "library and supervisor", "library and supervisor"},
           Row{Kind::free_pascal, "library and supervisor", "library and supervisor"},
           Row{Kind::other_machine, "supervisor", "supervisor"},
           Row{Kind::address_sanitizer, "supervisor", "supervisor"},
           Row{Kind::unknown, "library", "library"},
       }) {
    Situation situation = situation_of(row.kind);
    EXPECT_EQ(text_of(choose_way(situation)), row.without_rights) << testing::PrintToString(row.kind);
    situation.can_filter_without_loss = true;
    EXPECT_EQ(text_of(choose_way(situation)), row.with_rights) << testing::PrintToString(row.kind);
  }
}

// A dynamic 32-bit program would complain about the 64-bit library; a static one has no loader to complain.
TEST(Way, OfAStaticProgramForAnotherMachineHasTheLibraryForItsChildren) {
  Situation situation = situation_of(Kind::other_machine);
  situation.program.names_loader = false;
  EXPECT_EQ(text_of(choose_way(situation)), "library and supervisor");
}

TEST(Way, ThatIsAskedForIsTaken) {
  for (const Kind kind : kinds) {
    EXPECT_EQ(text_of(choose_way(situation_of(kind, Wish::supervise))), "supervisor") << testing::PrintToString(kind);
    const Way preload = choose_way(situation_of(kind, Wish::preload));
    EXPECT_EQ(preload.supervisor, Supervisor::none);
    if (loads_library(kind)) {
      EXPECT_EQ(text_of(preload), "library") << testing::PrintToString(kind);
    } else {
      EXPECT_THAT(preload.refusal, testing::StartsWith("'/bin/program' is special: ")) << testing::PrintToString(kind);
      EXPECT_THAT(preload.refusal, testing::EndsWith("; --supervise reaches it")) << testing::PrintToString(kind);
    }
  }
}

TEST(Way, ThatIsRefusedLeavesForAnywayWhatDoesNoHarm) {
  EXPECT_TRUE(choose_way(situation_of(Kind::statically_linked, Wish::preload)).library);
  EXPECT_FALSE(choose_way(situation_of(Kind::address_sanitizer, Wish::preload)).library);
  EXPECT_FALSE(choose_way(situation_of(Kind::other_machine, Wish::preload)).library);
}

TEST(Way, WithoutTheLibraryIsRefusedIfItIsNeeded) {
  for (const Kind kind : kinds) {
    for (const Wish wish : {Wish::none, Wish::preload}) {
      Situation situation = situation_of(kind, wish);
      situation.library_problem = "no library";
      const Way way = choose_way(situation);
      EXPECT_FALSE(way.library);
      if (loads_library(kind)) {
        EXPECT_EQ(text_of(way), "no library; --supervise needs no library") << testing::PrintToString(kind);
      } else if (wish == Wish::none) {
        EXPECT_EQ(text_of(way), "supervisor") << testing::PrintToString(kind);
      }
    }
  }
}

TEST(Way, OfALauncherSaysWhatIsNotFollowedUnlessASupervisorFollows) {
  const char* const unfollowed =
      "'program' and what it starts get keepalive, except static, setuid and 32-bit programs and those with an "
      "environment of their own; --supervise reaches those";
  Situation situation = situation_of(Kind::launcher);
  EXPECT_EQ(choose_way(situation).unfollowed,
            std::string(unfollowed) + ", but takes the rights of setuid programs away");
  situation.can_filter_without_loss = true;
  EXPECT_EQ(choose_way(situation).unfollowed, "");
  situation.wish = Wish::preload;
  EXPECT_EQ(choose_way(situation).unfollowed, unfollowed);
  situation.program.starts_none = true;
  EXPECT_EQ(choose_way(situation).unfollowed, "");
  for (const Kind kind : kinds) {
    if (kind != Kind::launcher && kind != Kind::unknown) {
      EXPECT_EQ(choose_way(situation_of(kind)).unfollowed, "") << testing::PrintToString(kind);
    }
  }
}

TEST(Way, OfAFileThatCanNotBeReadIsSaidToBeUncertain) {
  EXPECT_EQ(choose_way(situation_of(Kind::unknown)).unfollowed,
            "'/bin/program' is special, so it is unknown whether the library reaches it; --supervise does");
}

// Its sockets would have nothing, and nothing would be said.
TEST(Way, OfAProgramThatMakesSocketcallsIsRefusedIfItsMemoryCanNotBeRead) {
  for (const Wish wish : {Wish::none, Wish::supervise}) {
    Situation situation = situation_of(Kind::other_machine, wish);
    situation.program.makes_socketcalls = true;
    EXPECT_EQ(text_of(choose_way(situation)), "supervisor");
    EXPECT_EQ(choose_way(situation).unfollowed, "");
    situation.is_root = true;
    EXPECT_EQ(
        choose_way(situation).unfollowed,
        "'/bin/program' is special: if it changes its user, its sockets get no keepalive then; preload the library "
        "of its word size: LD_PRELOAD='/usr/$LIB/libkeepalive.so' keepalive run ...");
    situation.is_root = false;
    situation.can_read_programs = false;
    const std::string why =
        "'/bin/program' is special: kernel.yama.ptrace_scope forbids the supervisor to read the arguments of its "
        "socket calls; ";
    EXPECT_EQ(text_of(choose_way(situation)),
              why + "preload the library of its word size: LD_PRELOAD='/usr/$LIB/libkeepalive.so' keepalive run ...");
    situation.preloads_library = true;
    EXPECT_EQ(text_of(choose_way(situation)), "supervisor");
    situation.program.names_loader = false;
    EXPECT_EQ(text_of(choose_way(situation)), why + "use keepalive attach");
    situation.program.makes_socketcalls = false;
    EXPECT_THAT(text_of(choose_way(situation)), HasSubstr("supervisor"));
    EXPECT_EQ(choose_way(situation).refusal, "");
  }
}

// No supervisor follows into the session's cgroup.
TEST(Way, BehindALauncherThatOpensALoginSessionIsTheLibraryOrARefusal) {
  Situation situation = situation_of(Kind::launcher);
  situation.can_filter_without_loss = true;
  situation.program.session_opened_by = "su";
  const std::string session = "'su' opens a login session, whose cgroup a supervisor does not reach; ";
  const std::string help = "put keepalive behind it: su ... -c 'keepalive run ... COMMAND'";
  EXPECT_TRUE(choose_way(situation).library);
  EXPECT_EQ(choose_way(situation).unfollowed, session + describe_unfollowed("su") + "; " + help);
  situation.wish = Wish::supervise;
  EXPECT_EQ(text_of(choose_way(situation)), session + help);
  for (const Wish wish : {Wish::none, Wish::preload, Wish::supervise}) {
    situation.wish = wish;
    situation.program.environment_dropped_by = "su";
    EXPECT_EQ(text_of(choose_way(situation)), session + help);
  }
}

// The library does not follow there, so nothing would be had and nothing said.
TEST(Way, BehindALauncherThatDropsTheEnvironmentIsASupervisorOrARefusal) {
  Situation situation = situation_of(Kind::launcher);
  situation.program.environment_dropped_by = "su";
  EXPECT_EQ(
      text_of(choose_way(situation)),
      "'su' does not pass LD_PRELOAD on, so the library does not reach what it starts; put keepalive behind it: "
      "su ... -c 'keepalive run ... COMMAND'; --supervise reaches it, but takes the rights of setuid programs away");
  situation.can_filter_without_loss = true;
  EXPECT_EQ(text_of(choose_way(situation)), "library and supervisor");
  situation.wish = Wish::supervise;
  EXPECT_EQ(text_of(choose_way(situation)), "supervisor");
  situation.wish = Wish::preload;
  situation.program.environment_dropped_by = "env";
  EXPECT_EQ(text_of(choose_way(situation)),
            "'env' does not pass LD_PRELOAD on, so the library does not reach what it starts; put keepalive behind it: "
            "env ... keepalive run ... COMMAND; --supervise reaches it");
  situation.program.environment_dropped_by = "service";
  EXPECT_THAT(text_of(choose_way(situation)), HasSubstr("; start it as root (sudo keepalive run ... service ...); "));
  situation.has_systemd = true;
  EXPECT_THAT(text_of(choose_way(situation)), HasSubstr("; use keepalive attach NAME.service; "));
}

TEST(Way, ToWhatSystemdStartsIsRefusedWhateverTheRights) {
  for (const bool rights : {false, true}) {
    for (const Wish wish : {Wish::none, Wish::preload, Wish::supervise}) {
      Situation situation = situation_of(Kind::makes_sockets, wish);
      situation.can_filter_without_loss = rights;
      situation.program.starts_by_systemd = "systemctl";
      const std::string start = " has systemd start the program, so it gets no keepalive; ";
      EXPECT_EQ(text_of(choose_way(situation)), "'systemctl'" + start + "use keepalive attach NAME.service");
      situation.program.starts_by_systemd = "systemd-run";
      EXPECT_EQ(text_of(choose_way(situation)),
                "'systemd-run'" + start + "put keepalive behind it: systemd-run ... keepalive run ... COMMAND");
    }
  }
}

Situation privileged(Wish wish) {
  Situation situation = situation_of(Kind::makes_sockets, wish);
  situation.program.privileges = "setuid";
  return situation;
}

TEST(Way, OfASetuidProgramIsASupervisorThatTakesNothingAway) {
  for (const Kind kind : kinds) {
    for (const Wish wish : {Wish::none, Wish::supervise}) {
      Situation situation = privileged(wish);
      situation.program.kind = kind;
      situation.can_filter_without_loss = true;
      EXPECT_EQ(text_of(choose_way(situation)), "supervisor") << testing::PrintToString(kind);
    }
  }
  Situation situation = privileged(Wish::preload);
  situation.can_filter_without_loss = true;
  EXPECT_EQ(text_of(choose_way(situation)),
            "'/bin/program' is setuid: the loader ignores LD_PRELOAD for it; --supervise reaches it");
}

TEST(Way, OfASetuidProgramIsRefusedToOrdinaryUsersWithWhatHelps) {
  struct Row {
    const char* file;
    const char* advice;
  };
  for (const Row& row : {
           Row{"/bin/program",
               "start it as root (sudo keepalive run ... program), or reach all that this shell starts (sudo keepalive "
               "attach ... $$)"},
           Row{"/bin/passwd",  // behind a launcher
               "start it as root (sudo keepalive run ... program ... /bin/passwd), or reach all that this shell starts "
               "(sudo keepalive attach ... $$)"},
           Row{"/usr/bin/sudo", "put keepalive behind it: sudo ... keepalive run ... COMMAND"},
           Row{"/usr/bin/doas", "put keepalive behind it: doas ... keepalive run ... COMMAND"},
           Row{"/usr/bin/newgrp", "use keepalive run in the shell that it starts"},
           Row{"/bin/su", "put keepalive behind it: su ... -c 'keepalive run ... COMMAND'"},
       }) {
    for (const Wish wish : {Wish::none, Wish::preload, Wish::supervise}) {
      Situation situation = privileged(wish);
      situation.program.file = row.file;
      EXPECT_EQ(text_of(choose_way(situation)),
                std::string("'") + row.file +
                    "' is setuid: the loader ignores LD_PRELOAD for it, and a supervisor would take its rights away; " +
                    row.advice);
    }
  }
}

TEST(Way, OfASetuidProgramWhoseWorkIsDoneElsewhereIsRefusedWithWhatHelpsThere) {
  Situation situation = privileged(Wish::none);
  situation.program.elsewhere = "programs run elsewhere";
  EXPECT_THAT(choose_way(situation).refusal, testing::EndsWith("would take its rights away; programs run elsewhere"));
}

TEST(Way, OfASetuidProgramForRootWithoutTheRightNamesTheRight) {
  Situation situation = privileged(Wish::none);
  situation.is_root = true;
  EXPECT_THAT(choose_way(situation).refusal, testing::EndsWith("; run keepalive with CAP_SYS_ADMIN"));
}

TEST(Way, IsDescribed) {
  const Inspection program = situation_of(Kind::makes_sockets).program;
  EXPECT_EQ(describe_way({.library = true}, program),
            "using the preload library ('/bin/program' is dynamically linked); static, setuid and 32-bit programs that "
            "it starts, and those with an environment of their own, get no keepalive");
  Inspection without_children = program;
  without_children.starts_none = true;
  EXPECT_EQ(describe_way({.library = true}, without_children),
            "using the preload library ('/bin/program' is dynamically linked)");
  EXPECT_EQ(describe_way({.library = true}, situation_of(Kind::launcher).program),
            "using the preload library ('/bin/program' is special)");
  EXPECT_EQ(describe_way({.library = true, .supervisor = Supervisor::if_possible}, program),
            "using the preload library and a supervisor");
  EXPECT_EQ(describe_way({.supervisor = Supervisor::required}, situation_of(Kind::go).program),
            "using a supervisor ('/bin/program' is special)");
  EXPECT_EQ(describe_way({.supervisor = Supervisor::required}, privileged(Wish::none).program),
            "using a supervisor ('/bin/program' is setuid)");
}

}  // namespace
}  // namespace keepalive::command

/// @file
/// The table of real programs. To add one, add a row, and its package to tests/packages.txt.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/expected_options.h"

namespace real {

using support::all_howto_options;
using support::go_options;
using support::keepalive_only;
using support::no_options;
using support::options_text;

enum class Role { client, server };

struct Row {
  const char* name;
  Role role;
  /// `{port}` stands for the test's port (client) or a free port (server). `{env}` stands for env(1) with the
  /// variables, or for `keepalive run`: only what follows has keepalive. Without `{env}` the whole command has it.
  std::vector<std::string> command;
  // What the program's connection has; regular expressions.
  std::string bare = no_options;          ///< by itself
  std::string on = all_howto_options;     ///< under KEEPALIVE=on
  std::string force = all_howto_options;  ///< under KEEPALIVE=force
  /// Under `keepalive run`, if that differs from the library alone.
  struct Run {
    std::string on;
    std::string force;
    std::vector<std::string> options = {};
  };
  std::optional<Run> run = {};
  std::optional<std::string> attached = {};  ///< in an attached cgroup, if that is not as under KEEPALIVE=on
};

// Used by GoogleTest in messages.
inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

inline std::string script(const char* name) { return std::string(KEEPALIVE_SCRIPTS "/") + name; }

inline const std::string python = "/usr/bin/python3";
inline const std::string url = "http://127.0.0.1:{port}/";

inline const std::string own_go_values = options_text({.keepalive = 1, .idle = 15, .interval = 15});
inline const std::string own_redis_values = options_text({.keepalive = 1, .count = 3, .idle = 15, .interval = 5});

inline const Row rows[]{
    // Command line clients.
    {"Nc", Role::client, {"nc", "127.0.0.1", "{port}"}},
    {"Ncat", Role::client, {"ncat", "127.0.0.1", "{port}"}},
    {"Socat", Role::client, {"socat", "-", "TCP:127.0.0.1:{port}"}},
    {"Telnet", Role::client, {"telnet", "127.0.0.1", "{port}"}},
    {"CurlNoKeepalive", Role::client, {"curl", "--silent", "--no-keepalive", url}},
    {"CurlWithItsOwnValues",
     Role::client,
     {"curl", "--silent", url},
     options_text({.keepalive = 1, .idle = 60, .interval = 60}),
     "SO_KEEPALIVE=1 TCP_KEEPCNT=(20|9) TCP_KEEPIDLE=60 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0"},  // 9: since curl 8.9
    {"Wget", Role::client, {"wget", "-q", "-O", "-", url}},
    {"Lftp", Role::client, {"lftp", "-c", "open -p {port} 127.0.0.1; ls"}, keepalive_only},
    {"Aria2", Role::client, {"aria2c", "-q", "-d", "/nonexistent", url}},
    {"W3m", Role::client, {"w3m", "-dump", url}},
    {"Lynx", Role::client, {"lynx", "-dump", url}},
    {"Git", Role::client, {"git", "ls-remote", "git://127.0.0.1:{port}/repository"}, keepalive_only},
    {"Rsync", Role::client, {"rsync", "rsync://127.0.0.1:{port}/"}},
    {"OpensslClient", Role::client, {"openssl", "s_client", "-connect", "127.0.0.1:{port}"}},
    // TCPKeepAlive=no: ssh does not turn keepalive on, and does not turn it off either.
    {"SshWithoutTcpKeepAlive",
     Role::client,
     {"ssh", "-F", "none", "-o", "TCPKeepAlive=no", "-p", "{port}", "127.0.0.1"}},
    {"Dropbear", Role::client, {"dbclient", "-p", "{port}", "root@127.0.0.1"}},
    {"RedisWithItsOwnValues", Role::client, {"redis-cli", "-p", "{port}", "ping"}, own_redis_values, own_redis_values},
    {"Mosquitto", Role::client, {"mosquitto_sub", "-h", "127.0.0.1", "-p", "{port}", "-t", "topic"}},
    {"Psql", Role::client, {"psql", "-h", "127.0.0.1", "-p", "{port}", "-U", "nobody", "postgres"}, keepalive_only},

    // Interpreters and language runtimes.
    {"Bash", Role::client, {"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/{port}; read -r line <&3"}},
    {"Gawk", Role::client, {"gawk", "BEGIN { peer = \"/inet/tcp/0/127.0.0.1/{port}\"; peer |& getline }"}},
    {"Python", Role::client, {python, script("client.py"), "{port}"}},
    {"Perl", Role::client, {"perl", script("client.pl"), "{port}"}},
    {"Ruby", Role::client, {"ruby", "-rsocket", "-e", "TCPSocket.new('127.0.0.1', {port}).read"}},
    {"Php", Role::client, {"php", "-r", "fgets(fsockopen('127.0.0.1', {port}));"}},
    {"Tcl", Role::client, {"tclsh", script("client.tcl"), "{port}"}},
    {"Lua", Role::client, {"lua5.3", "-e", "require('socket').connect('127.0.0.1', {port}):receive()"}},
    {"Node", Role::client, {"node", script("client.js"), "{port}"}},
    {"Java", Role::client, {"java", script("Client.java"), "{port}"}},

    // Servers: for one connection, with a process or thread for each, with epoll.
    {"Nc", Role::server, {"nc", "-l", "127.0.0.1", "{port}"}},
    {"NcatThatSelects", Role::server, {"ncat", "-l", "-k", "127.0.0.1", "{port}"}},
    {"SocatThatForks", Role::server, {"socat", "TCP-LISTEN:{port},bind=127.0.0.1,fork", "EXEC:cat"}},
    {"PythonHttpServer", Role::server, {python, "-m", "http.server", "--bind", "127.0.0.1", "0"}},
    {"PythonThatThreads", Role::server, {python, script("server.py"), "thread"}},
    {"PythonThatForks", Role::server, {python, script("server.py"), "fork"}},
    {"PythonWithEpoll", Role::server, {python, script("server.py"), "epoll"}},
    {"Perl", Role::server, {"perl", script("server.pl")}},
    {"Ruby", Role::server, {"ruby", "-rsocket", "-e", "TCPServer.new('127.0.0.1', 0).accept.read"}},
    {"Php", Role::server, {"php", "-q", "-S", "127.0.0.1:{port}"}},
    {"Tcl", Role::server, {"tclsh", script("server.tcl")}},
    {"Node", Role::server, {"node", script("server.js")}},
    {"Java", Role::server, {"java", script("Server.java")}},
    {"OpensslServer", Role::server, {"openssl", "s_server", "-nocert", "-accept", "127.0.0.1:{port}"}},
    {"GitDaemonThatForks",
     Role::server,
     {"git", "daemon", "--listen=127.0.0.1", "--port={port}", "--base-path=/"},
     keepalive_only},
    {"RsyncDaemonThatForks",
     Role::server,
     {"rsync", "--daemon", "--no-detach", "--address=127.0.0.1", "--port={port}", "--config=/dev/null"},
     keepalive_only},

    // Sockets that a parent without the library has made.
    {"ListenerFromSystemd",
     Role::server,
     {"systemd-socket-activate", "-l", "127.0.0.1:{port}", "{env}", python, script("server.py"), "3"}},
    {"ListenerFromInetdWait",
     Role::server,
     {"systemd-socket-activate", "--inetd", "-l", "127.0.0.1:{port}", "{env}", python, script("server.py"), "0"}},
    {"ConnectionFromInetdNowait",
     Role::server,
     {"systemd-socket-activate", "--inetd", "-a", "-l", "127.0.0.1:{port}", "{env}", "cat"}},
    {"ListenerPassedOverAUnixSocket",
     Role::server,
     {python, script("pass.py"), "listener", "{env}", python, script("take.py"), "listener"}},

    // Limits of preload libraries. `keepalive run` reaches all but the first, `keepalive attach` all.
    {"LimitConnectionPassedOverAUnixSocket",
     Role::server,
     {python, script("pass.py"), "connection", "{env}", python, script("take.py"), "connection"},
     no_options,
     no_options,
     no_options,
     {},
     all_howto_options},
    {"LimitSystemCallsByNumber",
     Role::client,
     {python, script("by_number.py"), "{port}"},
     no_options,
     no_options,
     no_options,
     Row::Run{all_howto_options, all_howto_options, {"--supervise"}},
     all_howto_options},
    {"LimitStaticBusybox",
     Role::client,
     {"/bin/busybox", "nc", "127.0.0.1", "{port}"},
     no_options,
     no_options,
     no_options,
     Row::Run{all_howto_options, all_howto_options},
     all_howto_options},
    {"LimitGoProgram",
     Role::client,
     {"gron", url},
     own_go_values,
     own_go_values,
     own_go_values,
     Row::Run{go_options, all_howto_options},
     go_options},
};

}  // namespace real

#include "command/program/system_values.h"

#include <fstream>

namespace keepalive::command {
namespace {

std::string system_value(const std::string& name) {
  std::string text;
  std::ifstream("/proc/sys/net/ipv4/tcp_keepalive_" + name) >> text;
  return text;
}

}  // namespace

std::string describe_missing_values(const Settings& settings, const std::string& consequence) {
  if (settings.values != Settings().values) return "";
  const std::string idle = system_value("time");
  const std::string interval = system_value("intvl");
  const std::string count = system_value("probes");
  if (idle.empty() || interval.empty() || count.empty()) return "";
  return "no values given, so " + consequence + ": first probe after " + idle + " s of silence, then every " +
         interval + " s, dead after " + count + " unanswered probes (change with --idle, --interval, --count)";
}

}  // namespace keepalive::command

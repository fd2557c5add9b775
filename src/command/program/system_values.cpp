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

std::string describe_system_values() {
  const std::string idle = system_value("time");
  const std::string interval = system_value("intvl");
  const std::string count = system_value("probes");
  if (idle.empty() || interval.empty() || count.empty()) return "";
  return "first probe after " + idle + " s of silence, then every " + interval + " s, dead after " + count;
}

}  // namespace keepalive::command

#include "command/cgroup/record.h"

#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace keepalive::command {
namespace {

constexpr std::size_t count_row = option_index(TCP_KEEPCNT);
constexpr std::size_t idle_row = option_index(TCP_KEEPIDLE);
constexpr std::size_t interval_row = option_index(TCP_KEEPINTVL);

void read_number(const char* name, int& value) {
  int number = 0;
  if (std::ifstream(std::string("/proc/sys/net/ipv4/") + name) >> number && number > 0) value = number;
}

// Only under `force`: the sockets then get just the values that are given, so `auto` can be computed before there is a
// socket.
void compute_automatic_value(Settings& settings) {
  if (settings.values[idle_row] == 0 || settings.values[interval_row] == 0 || settings.values[count_row] == 0) return;
  const int sum = milliseconds_until_dead(settings.values[idle_row], settings.values[interval_row],  //
                                          settings.values[count_row]);
  std::replace(settings.values.begin(), settings.values.end(), automatic_value, sum);
}

}  // namespace

OptionValues read_system_values() {
  OptionValues values = kernel_defaults();
  read_number("tcp_keepalive_probes", values[count_row]);
  read_number("tcp_keepalive_time", values[idle_row]);
  read_number("tcp_keepalive_intvl", values[interval_row]);
  return values;
}

Record make_record(const Settings& given, const OptionValues& system) {
  Settings settings = given;
  if (settings.mode == Mode::force) compute_automatic_value(settings);
  const bool automatic =
      std::find(settings.values.begin(), settings.values.end(), automatic_value) != settings.values.end();

  Record record;
  record.magic = Record::our_magic;
  record.version = Record::our_version;
  record.mode = static_cast<std::uint32_t>(settings.mode);
  record.rows[record.row_count++] = {1, SOL_SOCKET, SO_KEEPALIVE, 0, 0};
  for (std::size_t i = 0; i < options.size(); ++i) {
    const bool needed = automatic && !options[i].automatic;
    if (settings.values[i] == 0 && !needed) continue;
    record.rows[record.row_count++] = {settings.values[i], IPPROTO_TCP, options[i].number, system[i],
                                       kernel_defaults()[i]};
  }
  return record;
}

std::optional<Settings> settings_of(const Record& record) {
  if (record.magic != Record::our_magic || record.version != Record::our_version) return std::nullopt;
  if (record.row_count >= record.rows.size()) return std::nullopt;
  Settings settings;
  settings.mode = static_cast<Mode>(record.mode);
  for (std::size_t i = 0; i < record.row_count; ++i) {
    const Record::Row& row = record.rows[i];
    const std::size_t option = option_index(row.number);
    if (row.level == IPPROTO_TCP && option < options.size()) settings.values[option] = row.value;
  }
  return settings;
}

}  // namespace keepalive::command

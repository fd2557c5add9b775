/// @file
/// The cgroup of a systemd unit.
#pragma once

#include <string>

#include "command/cli/error.h"

namespace keepalive::command {

/// What systemd says of a unit.
struct Unit {
  std::string load_state;    ///< `loaded`, `not-found` ...
  std::string active_state;  ///< `active`, `inactive` ...
  std::string cgroup;        ///< empty if it does not run
  std::string parts;         ///< the units that are started and stopped with it (PartOf=)
};

/// The unit does not run.
class UnitStopped : public Error {
 public:
  using Error::Error;
};

/// Whether the text is the name of a unit of a type that has processes: `.service`, `.socket`, `.slice`, `.scope` ...
bool is_unit_name(const std::string& text);

/// From what `systemctl show` prints: `LoadState=loaded` and so on, a line each.
Unit read_unit(const std::string& properties);

/// The cgroup of a unit that runs, as systemctl(1) knows it. Throws UnitStopped, or another Error (status_partly).
std::string cgroup_of_unit(const std::string& name);

}  // namespace keepalive::command

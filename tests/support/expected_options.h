/// @file
/// What tests expect a socket to have, as options_text() writes it. `options_text({.keepalive = 1, .idle = 33})` is the
/// text for other values: options that are not named are the kernel's defaults.
#pragma once

#include <string>

#include "support/open_sockets.h"

namespace support {

/// A socket that nobody has given any option.
inline const std::string no_options = options_text({});

/// Keepalive is on, with the kernel's default values.
inline const std::string keepalive_only = options_text({.keepalive = 1});

/// The values of the HOWTO's session: `howto_values` (preload.h), run_with_howto_values() (supervised.h).
inline const SocketOptions howto_options{.keepalive = 1, .count = 20, .idle = 180, .interval = 60};
inline const std::string all_howto_options = options_text(howto_options);

/// A Go program under the same values, as a regular expression: it sets idle and interval itself after connect(2) and
/// accept(2); newer versions set the count too.
inline const std::string go_options =
    "SO_KEEPALIVE=1 TCP_KEEPCNT=(9|20) TCP_KEEPIDLE=15 TCP_KEEPINTVL=15 TCP_USER_TIMEOUT=0";

/// The values of the README's examples: `--idle 2m --interval 30 --count 4`.
inline const std::string all_readme_options = options_text({.keepalive = 1, .count = 4, .idle = 120, .interval = 30});

}  // namespace support

# The two .deb: installed, used by the library's name and through the command, removed.
expect "0/*" "${new_socket[@]}"
dpkg -i "$@"
expect "" dpkg --verify keepalive libkeepalive
expect "1/123" env LD_PRELOAD=libkeepalive.so KEEPIDLE=123 "${new_socket[@]}"
expect "1/123" env LD_PRELOAD='/usr/$LIB/libkeepalive.so' KEEPIDLE=123 "${new_socket[@]}"
expect "*libkeepalive.so*" ldconfig -p  # the trigger ran
works keepalive
dpkg --purge keepalive libkeepalive
expect "0/*" "${new_socket[@]}"
